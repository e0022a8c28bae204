import { closeSync, readFileSync } from "node:fs";
import { type HeldDirectory, PassedOver, reasonOf, textOf } from "./held-directory.ts";
import { largestMessage, type MailFound, type MailMessage, withMailLineBreaks } from "./mail-file.ts";
import { type MaildirKeywords, readKeywords } from "./maildir-keywords.ts";
import { baseOf, compareNames, flagsOfName } from "./maildir-names.ts";
import { unpacked } from "./unpacked.ts";

/**
 * The messages of one maildir folder in the order of their arrival: by their times, and within a second in the order
 * of the UIDs that Dovecot, Courier or mbsync gave them, else by the numbers in their names. Whatever lies in `cur`,
 * `new` and `tmp` is a message or is named.
 */
export async function* messagesOfFolder(folder: HeldDirectory, source: string): AsyncGenerator<MailFound> {
  const parts = new Map<Part, HeldDirectory>();
  try {
    for (const part of ["new", "cur", "tmp"] as const) {
      if (folder.look(part)?.kind === "directory") parts.set(part, folder.directory(part));
    }
    for (const name of parts.get("tmp")?.names() ?? []) {
      yield { kind: "omitted", source: `${source}/tmp/${textOf(name)}`, why: "its delivery was not finished" };
    }
    const keywords = yield* keywordsOf(folder, source);
    const renamed = new Renamed(parts);
    for (const file of arrivalOrder(parts, uidsOf(folder))) {
      yield messageIn(parts, file, renamed, keywords, source);
    }
  } finally {
    for (const directory of parts.values()) directory.close();
  }
}

type Part = "new" | "cur" | "tmp";
type Place = { readonly part: Part; readonly name: Buffer };

function messageIn(
  parts: ReadonlyMap<Part, HeldDirectory>,
  listed: Place,
  renamed: Renamed,
  keywords: MaildirKeywords,
  folder: string,
): MailFound {
  const source = `${folder}/${listed.part}/${textOf(listed.name)}`;
  if (textOf(listed.name).startsWith(".")) {
    return { kind: "omitted", source, why: "its name begins with a dot, as no message's does" };
  }
  // A mail client that changes a message's flags gives its file another name.
  for (const place of [listed, () => renamed.find(listed), () => renamed.findAgain(listed)]) {
    const at = typeof place === "function" ? place() : place;
    if (!at) continue;
    try {
      return { kind: "message", source, message: read(parts.get(at.part)!, at.name, keywords) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        return { kind: "passedOver", source, why: reasonOf(error) };
      }
    }
  }
  return { kind: "passedOver", source, why: "it has been removed meanwhile" };
}

function read(directory: HeldDirectory, name: Buffer, keywords: MaildirKeywords): MailMessage {
  const { fd, stat } = directory.file(name);
  try {
    if (stat.size > largestMessage) throw new PassedOver("it is larger than 1G");
    const text = textOf(name);
    const bytes = withMailLineBreaks(unpacked(readFileSync(fd)));
    return { bytes, date: stat.mtime, flags: flagsOfName(text), ...keywords.of(text) };
  } finally {
    closeSync(fd);
  }
}

function* keywordsOf(folder: HeldDirectory, source: string): Generator<MailFound, MaildirKeywords> {
  try {
    return readKeywords(folder);
  } catch (error) {
    yield { kind: "passedOver", source: `${source}, keywords`, why: reasonOf(error) };
    return { of: () => ({ keywords: [], badKeywords: [] }) };
  }
}

/** The files of `new` and `cur`, in the order in which the messages arrived. */
function arrivalOrder(parts: ReadonlyMap<Part, HeldDirectory>, uids: ReadonlyMap<string, number>): Place[] {
  const found = [];
  for (const part of ["new", "cur"] as const) {
    for (const name of parts.get(part)?.names() ?? []) {
      const text = textOf(name);
      const time = parts.get(part)!.look(name)?.stat.mtimeMs ?? 0;
      const uid = uids.get(baseOf(text)) ?? Number(/,U=(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
      found.push({ part, name, text, time, second: Math.floor(time / 1000), uid });
    }
  }
  return found.sort(
    (a, b) =>
      a.second - b.second || (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : a.time - b.time || compareNames(a.text, b.text)),
  );
}

/** UIDs by file name, of Dovecot's `dovecot-uidlist` and Courier's `courierimapuiddb`; none where there is no such file. */
function uidsOf(folder: HeldDirectory): Map<string, number> {
  const found = new Map<string, number>();
  for (const list of ["dovecot-uidlist", "courierimapuiddb"]) {
    let text: string;
    try {
      text = folder.text(list, largestList)?.toString("utf8") ?? "";
    } catch {
      // It says nothing but the order of messages of the same second, and the walk has named it where it is a link.
      continue;
    }
    // Below the first line, `12 W345 :name` or `12 name`.
    for (const line of text.split("\n").slice(1)) {
      const [, uid, name] = /^(\d+) (?:(?:[A-Z]\S* )*:)?(.+)$/.exec(line) ?? [];
      if (name !== undefined && !found.has(baseOf(name))) found.set(baseOf(name), Number(uid));
    }
  }
  return found;
}

const largestList = 256 * 1024 * 1024;

/** Where messages are now whose files had another name when they were listed. */
class Renamed {
  #byBase: Map<string, Place> | null = null;
  readonly #parts: ReadonlyMap<Part, HeldDirectory>;

  constructor(parts: ReadonlyMap<Part, HeldDirectory>) {
    this.#parts = parts;
  }

  /** By what was found when the directories were last looked through. */
  find({ name }: Place): Place | undefined {
    return this.#byBase?.get(baseOf(textOf(name)));
  }

  findAgain(place: Place): Place | undefined {
    this.#byBase = new Map();
    for (const part of ["cur", "new"] as const) {
      for (const name of this.#parts.get(part)?.names() ?? []) this.#byBase.set(baseOf(textOf(name)), { part, name });
    }
    return this.find(place);
  }
}
