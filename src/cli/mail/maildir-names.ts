import { createHash } from "node:crypto";
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "../../protocols/imap/wire/modified-utf7.ts";
import { type MailFlags, noFlags } from "./mail-file.ts";

/**
 * The directory of a folder in Maildir++: `Lists/eider` is `.Lists.eider`, in modified UTF-7, a dot within a level as
 * `\2e` and a backslash as `\5c`, so that no two names meet. A name past what a file system takes is cut, and ends in
 * the beginning of its hash; the file `eider-mailbox` in it then has the whole.
 */
export function folderName(path: string): { name: string; cut: boolean } {
  const levels = path.split("/").map((level) => encodeModifiedUtf7(level).replace(/[\\.]/g, escaped));
  const name = `.${levels.join(".")}`;
  if (name.length <= longestName) return { name, cut: false };
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 24);
  return { name: `${name.slice(0, longestName - hash.length - 1)}~${hash}`, cut: true };
}

/** The file that holds the path of a folder whose name was cut. */
export const cutNameFile = "eider-mailbox";

/** Whether a directory's name may be one that was cut. */
export function isCutName(name: string): boolean {
  return /~[0-9a-f]{24}$/.test(name);
}

/** The levels that a directory's name says: of `.Lists.eider` two, of `Lists` one, as LAYOUT=fs and mbsync have them. */
export function levelsOf(name: string): string[] {
  const levels = name.startsWith(".") ? name.slice(1).split(".") : [name];
  return levels.map((level) => (decodeModifiedUtf7(level) ?? level).replace(/\\(2e|5c)/g, unescaped));
}

function escaped(character: string): string {
  return character === "." ? "\\2e" : "\\5c";
}

function unescaped(_: string, code: string): string {
  return code === "2e" ? "." : "\\";
}

/** Octets; ext4, XFS, APFS and NTFS agree. */
const longestName = 255;

/** A file name without what mail clients change in it: the flags. */
export function baseOf(name: string): string {
  return name.replace(/[:;!]2,[^:;!]*$/, "");
}

/** The letters behind `:2,` (where a colon is impossible: `;2,` or `!2,`). */
export function lettersOf(name: string): string {
  return /[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? "";
}

/** S seen, R replied, F flagged, T trashed, D draft, P passed on. */
export function flagsOfName(name: string): MailFlags {
  const letters = lettersOf(name);
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

/** `2,`, the letters of the flags in ASCII order, and those of keywords. */
export function infoOf(flags: MailFlags, keywordLetters = ""): string {
  const letters = [
    flags.draft && "D",
    flags.flagged && "F",
    flags.forwarded && "P",
    flags.answered && "R",
    flags.seen && "S",
    flags.deleted && "T",
  ];
  return `2,${letters.filter(Boolean).join("")}${[...keywordLetters].sort().join("")}`;
}

/** Orders names by the numbers in them: `1.M9P3` before `1.M10P3`, `U9` before `U10`. */
export function compareNames(a: string, b: string): number {
  const as = a.match(/\d+|\D+/g) ?? [];
  const bs = b.match(/\d+|\D+/g) ?? [];
  for (let at = 0; at < as.length && at < bs.length; at += 1) {
    const [x, y] = [as[at]!, bs[at]!];
    if (x === y) continue;
    if (/\d/.test(x) && /\d/.test(y)) {
      const [m, n] = [x.replace(/^0+(?=\d)/, ""), y.replace(/^0+(?=\d)/, "")];
      if (m.length !== n.length) return m.length - n.length;
      if (m !== n) return m < n ? -1 : 1;
    }
    return x < y ? -1 : 1;
  }
  return as.length - bs.length;
}
