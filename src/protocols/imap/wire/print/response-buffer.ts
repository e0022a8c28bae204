import type { Flag } from "../../../../domain/account/events.ts";
import type { UidRuns } from "../../../../domain/account/uid-runs.ts";
import { isAstringChar } from "../characters.ts";
import { encodeModifiedUtf7 } from "../modified-utf7.ts";
import { writeDecimal } from "./decimal.ts";
import { internalDateOctets, writeInternalDate } from "./internal-date.ts";

/** Takes octets towards the socket. */
export interface ByteSink {
  /** `lasting`: the octets stay as they are and may be kept; else they must be sent or copied before returning. */
  write(bytes: Uint8Array, lasting: boolean): void;
}

/** Octets above which a literal goes to the sink as it is instead of being copied among the rest. */
const copyAtMost = 4096;
/** Characters above which a string goes as a literal: some clients have small buffers for quoted ones. */
const quoteAtMost = 1024;
/** Digits of the largest safe integer. */
const longestNumber = 16;

/**
 * Responses on their way, as octets. When its space is full, and at `flush`, it hands what it has to the sink and
 * begins again in the same space: a response of any length takes one buffer and is copied once.
 * Every method answers the buffer, to be chained.
 */
export class ResponseBuffer {
  /** For printers that write by hand, after `reserve`; they leave `at` behind what they wrote. */
  readonly bytes: Uint8Array;
  at = 0;

  constructor(
    readonly sink: ByteSink,
    size = 0x1_0000,
  ) {
    this.bytes = new Uint8Array(Math.max(size, 1024));
  }

  /** Makes room for `count` octets, at most the buffer's size. */
  reserve(count: number): void {
    if (this.bytes.length - this.at < count) this.flush();
  }

  /** Hands what there is to the sink. */
  flush(): void {
    if (this.at === 0) return;
    const full = this.bytes.subarray(0, this.at);
    this.at = 0;
    this.sink.write(full, false);
  }

  /** Octets that are IMAP text already. */
  raw(octets: Uint8Array): this {
    if (octets.length > copyAtMost || octets.length > this.bytes.length) {
      this.flush();
      this.sink.write(octets, true);
      return this;
    }
    this.reserve(octets.length);
    this.bytes.set(octets, this.at);
    this.at += octets.length;
    return this;
  }

  /** Text of the protocol's own (tags, keywords, `* OK `): characters below 0x80, written as they are. */
  ascii(text: string): this {
    const { length } = text;
    if (length > copyAtMost || length > this.bytes.length) return this.raw(utf8.encode(text));
    this.reserve(length);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.at = at;
    return this;
  }

  /** For people to read (resp-text): no control characters, UTF-8 where there is more than ASCII. */
  text(text: string): this {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through
    const line = text.replace(/[\x00-\x1f\x7f]+/g, " ");
    return isAscii(line) ? this.ascii(line) : this.raw(utf8.encode(line));
  }

  /** 0 … 2^53 - 1 */
  number(value: number): this {
    this.reserve(longestNumber);
    this.at = writeDecimal(this.bytes, this.at, value);
    return this;
  }

  crlf(): this {
    this.reserve(2);
    this.bytes[this.at++] = 0x0d;
    this.bytes[this.at++] = 0x0a;
    return this;
  }

  /** literal = "{" number64 "}" CRLF *CHAR8 ; octets that are many are not copied, and must not change any more */
  literal(octets: Uint8Array): this {
    return this.ascii("{").number(octets.length).ascii("}").crlf().raw(octets);
  }

  /**
   * string = quoted / literal ; quoted where that may be: without NUL, CR and LF, short, and ASCII unless `utf8`
   * (UTF8=ACCEPT is on: RFC 6855 §3)
   */
  string(text: string, utf8Accepted = false): this {
    const octets = utf8Accepted || isAscii(text) ? null : utf8.encode(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a quoted string must not have
    if (octets !== null || text.length > quoteAtMost || /[\x00\r\n]/.test(text))
      return this.literal(octets ?? utf8.encode(text));
    const quoted = `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
    return utf8Accepted ? this.raw(utf8.encode(quoted)) : this.ascii(quoted);
  }

  /** nstring = string / nil */
  nstring(text: string | null, utf8Accepted = false): this {
    return text === null ? this.ascii("NIL") : this.string(text, utf8Accepted);
  }

  /** astring = 1*ASTRING-CHAR / string ; never NIL as an atom, which some clients take for nothing */
  astring(text: string, utf8Accepted = false): this {
    return isAtomLike(text) ? this.ascii(text) : this.string(text, utf8Accepted);
  }

  /** mailbox = "INBOX" / astring ; modified UTF-7, or UTF-8 where that is on */
  mailbox(path: string, utf8Accepted: boolean): this {
    return this.astring(utf8Accepted ? path : encodeModifiedUtf7(path), utf8Accepted);
  }

  /** "(" [flag *(SP flag)] ")" */
  flags(flags: readonly Flag[]): this {
    return this.ascii(`(${flags.join(" ")})`);
  }

  /** date-time, in UTC, of milliseconds since 1970 */
  internalDate(at: number): this {
    this.reserve(internalDateOctets);
    this.at = writeInternalDate(this.bytes, this.at, Math.floor(at / 1000));
    return this;
  }

  /** uid-set = (uniqueid / uid-range) *("," uid-set) ; ascending. An empty set has no spelling: not for that. */
  uidSet(runs: UidRuns): this {
    for (let at = 0; at < runs.length; at += 2) {
      if (at > 0) this.ascii(",");
      this.number(runs[at]!);
      if (runs[at + 1] !== runs[at]) this.ascii(":").number(runs[at + 1]!);
    }
    return this;
  }
}

const utf8 = new TextEncoder();

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function isAtomLike(text: string): boolean {
  if (text === "" || text.length > quoteAtMost || text.toUpperCase() === "NIL") return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || !isAstringChar(code)) return false;
  }
  return true;
}
