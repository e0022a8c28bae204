import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeModifiedUtf7 } from "../../protocols/imap/wire/modified-utf7.ts";
import { CommandFailure } from "../failure.ts";
import { type MailFlags, type MailFolder, type MailFound, noFlags, withMailLineBreaks } from "./mail-file.ts";

/**
 * A maildir and, as Maildir++ keeps them, its folders `.Sent`, `.Lists.eider`. Names are in modified UTF-7 as Dovecot
 * and Courier write them, a dot within a level as `\2e`.
 */
export function readMaildir(root: string): MailFolder[] {
  if (!isMaildir(root)) {
    throw new CommandFailure(
      `Cannot import ${root}`,
      "it is no maildir, for it has no directory cur",
      "name the directory that has cur and new in it",
    );
  }
  const folders = readdirSync(root)
    .filter((name) => name.startsWith(".") && name.length > 1 && isMaildir(join(root, name)))
    .sort();
  return [folderOf(root, []), ...folders.map((name) => folderOf(join(root, name), levelsOf(name)))];
}

/** The flags behind `:2,` in a file name: S seen, R replied, F flagged, T trashed, D draft, P passed on. */
export function flagsOfName(name: string): MailFlags {
  const letters = /[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? "";
  const has = (letter: string) => letters.includes(letter);
  return {
    ...noFlags,
    seen: has("S"),
    answered: has("R"),
    flagged: has("F"),
    deleted: has("T"),
    draft: has("D"),
    forwarded: has("P"),
  };
}

function folderOf(directory: string, path: string[]): MailFolder {
  const files = ["new", "cur"].flatMap((part) => {
    const inside = join(directory, part);
    if (!existsSync(inside)) return [];
    return readdirSync(inside)
      .filter((name) => !name.startsWith("."))
      .map((name) => join(inside, name));
  });
  return {
    path,
    count: files.length,
    async *messages(): AsyncGenerator<MailFound> {
      const dated = files.map((file) => ({ file, stat: statSync(file, { throwIfNoEntry: false }) }));
      // Whoever looks at the mailbox in the order of its UIDs sees the order of arrival.
      dated.sort((a, b) => (a.stat?.mtimeMs ?? 0) - (b.stat?.mtimeMs ?? 0) || (a.file < b.file ? -1 : 1));
      for (const { file, stat } of dated) {
        // A mail client may have moved or deleted it since.
        if (!stat?.isFile()) continue;
        const flags = flagsOfName(basename(file));
        yield { source: file, message: { bytes: withMailLineBreaks(readFileSync(file)), date: stat.mtime, flags } };
      }
    },
  };
}

function levelsOf(name: string): string[] {
  return name
    .slice(1)
    .split(".")
    .map((level) => (decodeModifiedUtf7(level) ?? level).replaceAll("\\2e", "."));
}

function isMaildir(directory: string): boolean {
  return statSync(join(directory, "cur"), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
