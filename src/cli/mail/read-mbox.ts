import { statSync } from "node:fs";
import { basename } from "node:path";
import { CommandFailure } from "../failure.ts";
import {
  type MailFlags,
  type MailFolder,
  type MailFound,
  type MailMessage,
  noFlags,
  withMailLineBreaks,
} from "./mail-file.ts";

/**
 * An mbox file: messages begin at lines `From sender date` behind an empty line, and body lines that look like one
 * are quoted with `>` (mboxrd; of mboxo's quoting, which is ambiguous, it undoes what it can). Flags come from the
 * Status and X-Status fields, which stay in the message.
 */
export function readMbox(file: string): MailFolder {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new CommandFailure(`Cannot import ${file}`, "there is no such file");
  return {
    path: [],
    count: null,
    async *messages(): AsyncGenerator<MailFound> {
      let number = 0;
      for await (const message of messagesOf(Bun.file(file).stream())) {
        number += 1;
        yield { source: `${basename(file)}, message ${number}`, message };
      }
      if (number === 0 && stat.size > 0) {
        throw new CommandFailure(
          `Cannot import ${file}`,
          "it is no mbox, for it does not begin with a line `From …`",
          "for a single message use `import ADDRESS eml`",
        );
      }
    },
  };
}

/** The messages of an mbox that arrives piece by piece; holds one message at a time. */
export async function* messagesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<MailMessage> {
  let held: Buffer = Buffer.alloc(0);
  /** Where the search for the next separator goes on. */
  let searched = 1;
  let begun = false;
  for await (const piece of batched(pieces, () => held.length)) {
    held = Buffer.concat([held, piece]);
    if (!begun) {
      if (!isSeparator(held, 0)) return;
      begun = true;
    }
    for (let next = findSeparator(held, searched); next !== -1; next = findSeparator(held, searched)) {
      yield messageOf(held.subarray(0, next));
      held = held.subarray(next);
      searched = 1;
    }
    // A separator may have begun in this piece and end in the next.
    searched = Math.max(1, held.length - maxSeparator);
  }
  if (begun) yield messageOf(held);
}

/** Joins pieces until they are as long as what is held already, so that a long message is not copied for each of them. */
async function* batched(pieces: AsyncIterable<Uint8Array>, held: () => number): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < Math.max(maxSeparator, held())) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

const maxSeparator = 1000;

/** Where the next `From ` line begins that stands behind an empty line, and has ended; -1: nowhere yet. */
function findSeparator(held: Buffer, from: number): number {
  for (let at = held.indexOf("\nFrom ", from - 1); at !== -1; at = held.indexOf("\nFrom ", at + 1)) {
    const empty = held[at - 1] === 0x0a || (held[at - 1] === 0x0d && held[at - 2] === 0x0a);
    if (empty && isSeparator(held, at + 1)) return at + 1;
  }
  return -1;
}

// `From alice@example.com Sat Jan  3 01:05:34 1996`, with or without a zone before or behind the year.
const separator =
  /^From (?:.* )?(?:[A-Z][a-z]{2},? +)?[A-Z][a-z]{2} +\d{1,2} +\d{1,2}:\d\d(?::\d\d)?.* \d{4}(?: [+-]\d{4})? *\r?$|^From \S+ +.*\d{4}.*\d{1,2}:\d\d(?::\d\d)?.*\r?$/;

function isSeparator(held: Buffer, at: number): boolean {
  if (held.toString("latin1", at, at + 5) !== "From ") return false;
  const end = held.indexOf(0x0a, at);
  return end !== -1 && end - at < maxSeparator && separator.test(held.toString("latin1", at, end));
}

function messageOf(entry: Buffer): MailMessage {
  const first = entry.indexOf(0x0a);
  const line = entry.toString("latin1", 0, first).trimEnd();
  const bytes = unquote(withoutSeparatingLine(entry.subarray(first + 1)));
  return { bytes: withMailLineBreaks(bytes), date: dateOf(line), flags: flagsOfHeader(bytes) };
}

/** The empty line before the next separator is not the message's. */
function withoutSeparatingLine(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  const end = bytes.at(-2) === 0x0d ? bytes.length - 2 : bytes.length - 1;
  return bytes[end - 1] === 0x0a || end === 0 ? bytes.subarray(0, end) : bytes;
}

/** `>From ` → `From `, `>>From ` → `>From ` at the beginning of lines. */
function unquote(bytes: Buffer): Buffer {
  if (!bytes.includes(">From ")) return bytes;
  return Buffer.from(bytes.toString("latin1").replace(/(^|\n)>(>*From )/g, "$1$2"), "latin1");
}

/** The date of a `From ` line; 1970 where nobody can tell. Without a zone it is UTC, as in RFC 4155. */
function dateOf(line: string): Date {
  const parts =
    /([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}:\d\d(?::\d\d)?)(?: +([+-]\d{4}|[A-Z]{2,4}))? +(\d{4})(?: +([+-]\d{4}))? *$/.exec(
      line,
    );
  const date = parts
    ? new Date(`${parts[2]} ${parts[1]} ${parts[5]} ${parts[3]} ${parts[4] ?? parts[6] ?? "UTC"}`)
    : new Date(line.replace(/^From \S+ +/, ""));
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

/** Status: R read, O old; X-Status: A answered, F flagged, T draft, D deleted. */
function flagsOfHeader(bytes: Buffer): MailFlags {
  const end = /\r?\n\r?\n/.exec(bytes.toString("latin1", 0, 256 * 1024))?.index ?? bytes.length;
  const header = bytes.toString("latin1", 0, end);
  const status = [...header.matchAll(/^(?:X-)?Status:[ \t]*([A-Za-z]*)/gim)]
    .map((match) => match[1]!.toUpperCase())
    .join("");
  const has = (letter: string) => status.includes(letter);
  return { ...noFlags, seen: has("R"), answered: has("A"), flagged: has("F"), deleted: has("D"), draft: has("T") };
}
