import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "../failure.ts";
import { type MailFolder, type MailFound, noFlags, withMailLineBreaks } from "./mail-file.ts";

/** Files that are one message each, or directories with such files (`*.eml`). Dated by the topmost Received field, else Date, else the file. */
export function readEml(path: string): MailFolder {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new CommandFailure(`Cannot import ${path}`, "there is no such file");
  const files = stat.isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.eml$/i.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  return {
    path: [],
    count: files.length,
    async *messages(): AsyncGenerator<MailFound> {
      for (const file of files) {
        const bytes = withMailLineBreaks(readFileSync(file));
        yield { source: file, message: { bytes, date: dateOfHeader(bytes) ?? statSync(file).mtime, flags: noFlags } };
      }
    },
  };
}

/** When a message arrived, by its own word; null where it has none that can be understood. */
export function dateOfHeader(bytes: Uint8Array): Date | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256 * 1024)).toString("latin1");
  const header = start.split(/\r?\n\r?\n/, 1)[0]!.replace(/\r?\n[ \t]+/g, " ");
  const received = /^Received:.*;([^;]+)$/im.exec(header)?.[1];
  const sent = /^Date:(.+)$/im.exec(header)?.[1];
  for (const written of [received, sent]) {
    // A comment such as (CEST) is no part of the date.
    const date = new Date((written ?? "").replace(/\([^)]*\)/g, "").trim());
    if (!Number.isNaN(date.getTime())) return date;
  }
  return null;
}
