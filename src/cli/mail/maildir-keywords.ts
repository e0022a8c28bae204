import { closeSync, readFileSync } from "node:fs";
import { isKeyword } from "../../domain/account/flags.ts";
import { type HeldDirectory, PassedOver } from "./held-directory.ts";
import { baseOf, lettersOf } from "./maildir-names.ts";

/** Keywords of the messages of one maildir folder, as Dovecot and Courier keep them. */
export type MaildirKeywords = {
  /** The keywords of the message in the file of that name. */
  of(name: string): { keywords: string[]; badKeywords: string[] };
};

/**
 * Dovecot has the keywords' names in `dovecot-keywords`, `0 Work`, and the letters a to z behind `:2,` in the names of
 * the messages; Courier has them in the directory `courierimapkeywords`.
 *
 * @throws PassedOver where one of these files is a link or of an impossible size
 */
export function readKeywords(folder: HeldDirectory): MaildirKeywords {
  const dovecot = dovecotKeywords(folder);
  const courier = courierKeywords(folder);
  return {
    of(name) {
      const byLetter = [...lettersOf(name)].map((letter) => dovecot.get(letter)).filter((word) => word !== undefined);
      const words = [...new Set([...byLetter, ...(courier.get(baseOf(name)) ?? [])])];
      return { keywords: words.filter(isKeyword), badKeywords: words.filter((word) => !isKeyword(word)) };
    },
  };
}

/** Names by letter, of a file `dovecot-keywords`. */
export function dovecotKeywords(folder: HeldDirectory): Map<string, string> {
  const text = folder.text("dovecot-keywords", largestList)?.toString("utf8") ?? "";
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, number, word] = /^(\d+) (\S.*)$/.exec(line.replace(/\r$/, "")) ?? [];
    if (word !== undefined && Number(number) < letters.length) found.set(letters[Number(number)]!, word);
  }
  return found;
}

/** The letters there are: a 27th keyword has no place in a maildir. */
export const letters = "abcdefghijklmnopqrstuvwxyz";

/**
 * Courier's `:list` names the keywords, one a line, and behind an empty line the messages that have some, `name:0 2`.
 * Newer than that are files beside it, each for one message: `.5937214.name` with a growing number, and newest `name`.
 */
function courierKeywords(folder: HeldDirectory): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const seen = folder.look(courierDirectory);
  if (!seen) return found;
  const directory = folder.directory(courierDirectory);
  try {
    const [names = "", messages = ""] = splitOnce(directory.text(":list", largestList)?.toString("utf8") ?? "", "\n\n");
    const words = names.split("\n").filter(Boolean);
    for (const line of messages.split("\n")) {
      const [name = "", numbers = ""] = splitOnce(line, ":");
      const known = numbers.split(" ").map((number) => words[Number(number || Number.NaN)]);
      if (name)
        found.set(
          name,
          known.filter((word) => word !== undefined),
        );
    }
    for (const [message, { file }] of courierUpdates(directory)) {
      const { fd, stat } = directory.file(file);
      try {
        if (stat.size > largestUpdate) throw new PassedOver(`it is larger than ${largestUpdate} octets`);
        found.set(message, readFileSync(fd, "utf8").split("\n\n", 1)[0]!.split("\n").filter(Boolean));
      } finally {
        closeSync(fd);
      }
    }
  } finally {
    directory.close();
  }
  return found;
}

const courierDirectory = "courierimapkeywords";

/** The newest of the files for each message. */
function courierUpdates(directory: HeldDirectory): Map<string, { file: Buffer; age: number }> {
  const newest = new Map<string, { file: Buffer; age: number }>();
  for (const file of directory.names()) {
    const name = file.toString("utf8");
    if (name.startsWith(":") || name.startsWith(".tmp.")) continue;
    const [, number, rest] = /^\.(\d+)\.(.+)$/.exec(name) ?? [];
    if (name.startsWith(".") && rest === undefined) continue;
    const message = rest ?? name;
    const age = number === undefined ? Number.POSITIVE_INFINITY : Number(number);
    if (age > (newest.get(message)?.age ?? -1)) newest.set(message, { file, age });
  }
  return newest;
}

function splitOnce(text: string, at: string): string[] {
  const found = text.indexOf(at);
  return found === -1 ? [text] : [text.slice(0, found), text.slice(found + at.length)];
}

const largestList = 64 * 1024 * 1024;
const largestUpdate = 64 * 1024;
