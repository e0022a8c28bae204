import type { FileWindow } from "./file-window.ts";
import { entriesOf, headerOf, type Lengths } from "./mbox-entries.ts";
import { isFolderData } from "./mbox-fields.ts";

/**
 * The kinds of mbox: how a body's lines that begin with `From ` are told from separators. mboxo puts `>` before them,
 * mboxrd before those too that begin with any number of `>` and then `From `; mboxcl says in `Content-Length` where
 * the body ends and quotes as mboxo does; mboxcl2 has `Content-Length` and quotes nothing.
 */
export const mboxFormats = ["mboxo", "mboxrd", "mboxcl", "mboxcl2"] as const;
export type MboxFormat = (typeof mboxFormats)[number];

export type MboxReading = {
  readonly format: MboxFormat;
  readonly lengths: Lengths;
  /** Eider wrote it, which puts no fields of its own into messages. */
  readonly own: boolean;
};

export function readingAs(format: MboxFormat): MboxReading {
  return { format, lengths: format === "mboxcl" || format === "mboxcl2" ? "trust" : "ignore", own: false };
}

/**
 * Tells which kind a file is by what is in it. Reads all of it.
 *
 * - Lines of messages end in CRLF, but those of `From MAILER-DAEMON …` in LF: Eider's export, mboxrd.
 * - Every message has a Content-Length that leads to the next separator or to the end: it is one of the two with
 *   lengths. Lines that begin with `From ` in bodies say that it is mboxcl2, and so do the fields of the writers that
 *   never quote (X-UID and X-IMAPbase: Dovecot; Lines below Content-Length: mutt). Else a line `>From ` says that it is mboxcl.
 * - `>>From ` among lines of a quotation as deep as that was there before, so the writer quoted no such line: mboxo.
 *   Where there is none, mboxo and mboxrd read the same, and it is mboxrd.
 */
export function detectMbox(file: FileWindow): MboxReading {
  let messages = 0;
  let exact = true;
  let never = false;
  let own = false;
  for (const entry of entriesOf(file, "trust")) {
    messages += 1;
    // Dovecot gives none to the message that is the folder's own.
    exact &&= entry.byLength || (messages === 1 && isFolderData(headerOf(file, entry.from)?.text ?? ""));
    own ||= /^From MAILER-DAEMON .*[^\r]$/.test(entry.separator) && /\r$/.test(file.line(entry.from, 4096).text);
    if (exact && !never) {
      never = /^(?:X-UID|X-IMAPbase|X-IMAP|Content-Length:[^\n]*\nLines):/im.test(
        headerOf(file, entry.from)?.text ?? "",
      );
    }
  }
  if (own) return { format: "mboxrd", lengths: "ignore", own: true };
  const exactLengths = exact && messages > 0;
  const evidence = quotingOf(file);
  if (exactLengths) {
    const quotes = !never && evidence.quoted > 0 && evidence.unquoted <= messages;
    return { format: quotes ? "mboxcl" : "mboxcl2", lengths: "trust", own };
  }
  return { format: evidence.mboxo > evidence.mboxrd ? "mboxo" : "mboxrd", lengths: "check", own };
}

/** Counts lines that begin with `From ` and with `>From `, and what lines `>>From ` stand among. */
function quotingOf(file: FileWindow): { unquoted: number; quoted: number; mboxo: number; mboxrd: number } {
  const found = { unquoted: 0, quoted: 0, mboxo: 0, mboxrd: 0 };
  for (let at = file.find("From ", 0); at !== -1; at = file.find("From ", at + 5)) {
    const before = file.stretch(Math.max(0, at - 64), Math.min(at, 64));
    const depth = quotesAtEnd(before);
    const start = before.length - depth;
    if (start > 0 ? before[start - 1] !== lf : at > depth) continue;
    if (depth === 0) found.unquoted += 1;
    else found.quoted += 1;
    if (depth < 2) continue;
    const below = file.line(at, 4096).next;
    const neighbour = below === null ? 0 : quotesAtStart(file.stretch(below, 64));
    if (neighbour === depth) found.mboxo += 1;
    else if (neighbour === depth - 1) found.mboxrd += 1;
  }
  return found;
}

/** How many `>` stand before the end. */
function quotesAtEnd(bytes: Buffer): number {
  let count = 0;
  while (count < bytes.length && bytes[bytes.length - 1 - count] === quote) count += 1;
  return count;
}

/** How deep a line is quoted; 0 too for one that is itself a quoted `From `. */
function quotesAtStart(bytes: Buffer): number {
  const [, quotes = "", from] = /^(>*)(From )?/.exec(bytes.toString("latin1")) ?? [];
  return from ? 0 : quotes.length;
}

const lf = 0x0a;
const quote = 0x3e;

/** A message's bytes as they were before they were put into an mbox of that kind. */
export function unquoted(bytes: Buffer, format: MboxFormat): Buffer {
  if (format === "mboxcl2" || !bytes.includes(">From ")) return bytes;
  const quoted = format === "mboxrd" ? /(^|\n)>(>*From )/g : /(^|\n)>(From )/g;
  return Buffer.from(bytes.toString("latin1").replace(quoted, "$1$2"), "latin1");
}
