import type { FileWindow } from "./file-window.ts";
import { beginsMbox, beginsMessage, maxSeparator } from "./mbox-separator.ts";

/** Where a message stands in an mbox. */
export type MboxEntry = {
  /** The line that begins it. */
  readonly separator: string;
  readonly from: number;
  /** Behind its last octet; the empty line before the next separator is not the message's. */
  readonly to: number;
  /** Its `Content-Length` says where it ends. */
  readonly byLength: boolean;
};

/**
 * How much `Content-Length` counts: `trust` it wherever it leads to a separator or the end of the file; `check` it
 * against what lies on the way; `ignore` it.
 */
export type Lengths = "trust" | "check" | "ignore";

/** The messages of an mbox, in their order. None: it is no mbox. Time grows with the size of the file. */
export function* entriesOf(file: FileWindow, lengths: Lengths): Generator<MboxEntry> {
  let at = skipLineBreaks(file, 0);
  const first = separatorAt(file, at);
  if (!first || !beginsMbox(first.line, first.below)) return;
  const sure = new SureSeparators(file);
  let separator: Separator | null = first;
  while (separator) {
    const { line, next: from } = separator as Separator;
    const length = lengths === "ignore" ? null : lengthOf(file, from);
    const byLength = length !== null && (lengths === "trust" || !sure.between(from, length.to)) ? length : null;
    const next: number = byLength ? byLength.next : nextSeparator(file, from, file.size, "any");
    const to = byLength ? byLength.to : withoutEmptyLine(file, from, next);
    yield { separator: line, from, to, byLength: byLength !== null };
    at = next;
    separator = at < file.size ? separatorAt(file, at) : null;
  }
}

type Separator = { readonly line: string; readonly below: string; readonly next: number };

function separatorAt(file: FileWindow, at: number): Separator | null {
  const { text: line, next } = file.line(at, maxSeparator);
  if (next === null || at >= file.size) return null;
  return { line, next, below: file.line(next, maxSeparator).text };
}

/**
 * Where the next separator of the message at `from` begins, looked for from `search` on; the size of the file where there
 * is none. `sure`: of those that cannot be text.
 */
function nextSeparator(
  file: FileWindow,
  from: number,
  to: number,
  which: "any" | "sure",
  search: number = from,
): number {
  for (let at = file.find("\nFrom", search - 1, to); at !== -1; at = file.find("\nFrom", at + 1, to)) {
    const found = separatorAt(file, at + 1);
    if (!found) continue;
    const above = at >= from ? file.stretch(Math.max(from, at - 2), at - Math.max(from, at - 2)) : null;
    // The separator above counts for no empty line, an empty header does.
    const empty = above === null ? false : above.length === 0 || above.at(-1) === lf || isCrLf(above);
    const behind = empty && which === "any" ? "empty line" : "text";
    if ((which === "any" || empty) && beginsMessage(found.line, found.below, behind)) return at + 1;
  }
  return file.size;
}

function isCrLf(above: Buffer): boolean {
  return above.at(-1) === cr && (above.length === 1 || above.at(-2) === lf);
}

/**
 * A sender may put any Content-Length into a message. Where not all messages of a file have one that is right, it does
 * not hide what is surely a separator: dated, behind an empty line, with a well-known field below. No part of the file
 * is searched twice.
 */
class SureSeparators {
  readonly #file: FileWindow;
  /** Where the last one that was looked for is, or up to where there is none. */
  #searched = 0;

  constructor(file: FileWindow) {
    this.#file = file;
  }

  between(from: number, to: number): boolean {
    const start = Math.max(from, this.#searched);
    if (start >= to) return false;
    const found = nextSeparator(this.#file, from, to, "sure", start);
    this.#searched = Math.min(found, to);
    return found < to;
  }
}

/** Where the message ends by its Content-Length, and where the next begins; null: it has none that is right. */
function lengthOf(file: FileWindow, from: number): { to: number; next: number } | null {
  const header = headerOf(file, from);
  if (header === null) return null;
  const value = /^Content-Length:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(header.text)?.[1];
  if (value === undefined) return null;
  const to = header.end + Number(value);
  if (to > file.size) return null;
  const next = skipLineBreaks(file, to, 2);
  if (next >= file.size) return { to, next: file.size };
  // The separating empty line is not counted by most writers, and is by some.
  for (const start of [to, skipLineBreaks(file, to, 1)]) {
    const atLineStart = start === 0 || file.stretch(start - 1, 1)[0] === lf;
    const found = atLineStart ? separatorAt(file, start) : null;
    if (found && beginsMessage(found.line, found.below, "length")) return { to, next: start };
  }
  return null;
}

/** The header of the message at `from` and where its body begins; null past the size that a header can have. */
export function headerOf(file: FileWindow, from: number): { text: string; end: number } | null {
  for (let length = 16 * 1024; length <= largestHeader; length *= 8) {
    const bytes = file.stretch(from, length);
    const end = headerEnd(bytes);
    if (end !== -1) return { text: bytes.toString("latin1", 0, end), end: from + end };
    if (bytes.length < length) return null;
  }
  return null;
}

/** Behind the empty line that ends a header; -1: there is none. */
export function headerEnd(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === lf) return at + 1;
    if (bytes[at] === cr && bytes[at + 1] === lf) return at + 2;
    const end = bytes.indexOf(lf, at);
    if (end === -1) return -1;
    at = end + 1;
  }
  return -1;
}

function skipLineBreaks(file: FileWindow, at: number, most = Number.POSITIVE_INFINITY): number {
  let end = at;
  for (let count = 0; count < most; count += 1) {
    const bytes = file.stretch(end, 2);
    if (bytes[0] === lf) end += 1;
    else if (bytes[0] === cr && bytes[1] === lf) end += 2;
    else break;
  }
  return end;
}

function withoutEmptyLine(file: FileWindow, from: number, to: number): number {
  const bytes = file.stretch(Math.max(from, to - 3), Math.min(3, to - from));
  if (bytes.at(-1) !== lf) return to;
  const end = bytes.at(-2) === cr ? 2 : 1;
  return bytes.length === end || bytes.at(-end - 1) === lf ? to - end : to;
}

const largestHeader = 1024 * 1024;
const lf = 0x0a;
const cr = 0x0d;
