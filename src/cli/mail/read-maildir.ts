import { CommandFailure } from "../failure.ts";
import { HeldDirectory, PassedOver, reasonOf, textOf, wordsFor } from "./held-directory.ts";
import type { Left, MailFolder, MailSource } from "./mail-file.ts";
import { cutNameFile, isCutName, levelsOf } from "./maildir-names.ts";
import { messagesOfFolder } from "./read-maildir-folder.ts";

/**
 * A maildir and its folders, however they are laid out: beside each other as Maildir++ has them (`.Lists.eider`), or
 * one in the other (`Lists/eider`: Dovecot's LAYOUT=fs, mbsync's Verbatim; `Lists/.eider`: mbsync's Legacy). A directory
 * that holds folders and no mail is none itself. What is neither a folder nor something that a mail server keeps
 * beside its mail is passed over, and told.
 */
export function readMaildir(root: string): MailSource {
  const held = holdRoot(root);
  const { folders, passedOver } = walk({ held, root, route: [], path: [] });
  held.close();
  if (folders.length === 0) {
    throw new CommandFailure(
      `Cannot import ${root}`,
      "it is no maildir, for it has no directory cur, and no directory in it is one",
      "name the directory that has cur and new in it",
    );
  }
  return { folders, passedOver };
}

function holdRoot(root: string): HeldDirectory {
  try {
    return HeldDirectory.open(root);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof PassedOver) && code === undefined) throw error;
    throw new CommandFailure(
      `Cannot import ${root}`,
      code === "ENOENT" ? "there is no such directory" : message,
      message === wordsFor.link ? "name the directory that it leads to" : undefined,
    );
  }
}

type Place = {
  /** The directory itself, open. */
  readonly held: HeldDirectory;
  readonly root: string;
  /** The names from the root to it. */
  readonly route: readonly Buffer[];
  /** The levels of the mailbox it is. */
  readonly path: readonly string[];
};

type Walked = { folders: MailFolder[]; passedOver: Left[] /** Something lies in it. */; holds: boolean };

function walk(place: Place): Walked {
  const { held, root, route } = place;
  const walked: Walked = { folders: [], passedOver: [], holds: false };
  const strays: Left[] = [];
  const parts = ["new", "cur"].filter((part) => held.look(part)?.kind === "directory");
  const names = held.names().sort(Buffer.compare);
  if (parts.length > 0) walked.folders.push(folderAt(place, parts));
  for (const name of names) {
    const text = textOf(name);
    const source = sourceOf(root, [...route, name]);
    const kind = held.look(name)?.kind;
    if (kind === undefined) continue;
    walked.holds = true;
    if (kind !== "file" && kind !== "directory") walked.passedOver.push({ source, why: wordsFor[kind] });
    else if (isKept(text) || (parts.length > 0 && /^(?:cur|new|tmp)$/.test(text) && kind === "directory")) continue;
    else if (kind === "file") {
      if (!text.startsWith(".")) strays.push({ source, why: "it lies outside of cur and new" });
    } else if (route.length === deepest) walked.passedOver.push({ source, why: "it lies too deep" });
    else {
      const below = walkInto(place, name, source, text);
      walked.folders.push(...below.folders);
      walked.passedOver.push(...below.passedOver);
    }
  }
  // A directory without any folder is named by the one above it, and not each file in it.
  if (walked.folders.length > 0) walked.passedOver.push(...strays);
  return walked;
}

function walkInto({ held, root, route, path }: Place, name: Buffer, source: string, text: string): Walked {
  let child: HeldDirectory | null = null;
  try {
    child = held.directory(name);
    const levels = isCutName(text) ? wholeName(child) : null;
    const below = walk({
      held: child,
      root,
      route: [...route, name],
      path: levels ?? [...path, ...levelsOf(text)],
    });
    if (below.folders.length > 0 || !below.holds) return below;
    const why = "it is no maildir, and there is none in it";
    return { ...below, passedOver: [{ source, why }, ...below.passedOver] };
  } catch (error) {
    return { folders: [], passedOver: [{ source, why: reasonOf(error) }], holds: true };
  } finally {
    child?.close();
  }
}

function wholeName(folder: HeldDirectory): string[] | null {
  return (
    folder
      .text(cutNameFile, 64 * 1024)
      ?.toString("utf8")
      .replace(/\n$/, "")
      .split("/") ?? null
  );
}

function folderAt({ held, root, route, path }: Place, parts: readonly string[]): MailFolder {
  const source = sourceOf(root, route);
  return {
    source,
    path,
    count: parts.reduce((sum, part) => sum + countOf(held, part), 0),
    async *messages() {
      let folder: HeldDirectory | null = null;
      try {
        folder = descend(root, route);
        yield* messagesOfFolder(folder, source);
      } catch (error) {
        yield { kind: "passedOver", source, why: reasonOf(error) };
      } finally {
        folder?.close();
      }
    },
  };
}

/** How many messages lie in a part of a folder; 0 where that cannot be read, which reading its messages will tell. */
function countOf(held: HeldDirectory, part: string): number {
  try {
    const directory = held.directory(part);
    const names = directory.names();
    directory.close();
    return names.filter((name) => !textOf(name).startsWith(".")).length;
  } catch (error) {
    reasonOf(error);
    return 0;
  }
}

/** Goes down from the root again, for as many directories as there are folders cannot be held open. */
function descend(root: string, route: readonly Buffer[]): HeldDirectory {
  let at = HeldDirectory.open(root);
  for (const name of route) {
    const above = at;
    try {
      at = above.directory(name);
    } finally {
      above.close();
    }
  }
  return at;
}

/** What mail servers and synchronizers keep beside mail: counters, subscriptions, indexes, access lists. */
function isKept(name: string): boolean {
  return (
    /^(?:dovecot|courierimap|courierpop|maildir|shared-maildirs|subscriptions$|DOVECOT-TRASHED$)/.test(name) ||
    name === cutNameFile
  );
}

function sourceOf(root: string, route: readonly Buffer[]): string {
  return [root, ...route.map(textOf)].join("/");
}

const deepest = 64;
