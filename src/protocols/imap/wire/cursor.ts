import type { LiteralFacts } from "./types.ts";
import { WireSyntaxError } from "./wire-syntax-error.ts";

/** What a connection has agreed on that changes how its text is read. */
export type WireContext = {
  /** ENABLE UTF8=ACCEPT: quoted strings and mailbox names are UTF-8 (RFC 6855 §3). */
  readonly utf8: boolean;
};

export const plainContext: WireContext = { utf8: false };

/** A grammar rule: reads its value from where the cursor stands and leaves the cursor behind it, or throws `WireSyntaxError`. */
export type Rule<T> = (cursor: Cursor) => T;

/** A place in a command's argument octets. Steps only forward, except that rules may look ahead. */
export class Cursor {
  at = 0;
  /** How many literals have been passed: `literals[literal]` is the next. */
  literal = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly context: WireContext = plainContext,
    readonly literals: readonly LiteralFacts[] = [],
  ) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The octet here; -1 at the end. */
  peek(): number {
    return this.at < this.bytes.length ? this.bytes[this.at]! : -1;
  }

  /** Steps over `octet` if it is here. */
  skip(octet: number): boolean {
    if (this.at >= this.bytes.length || this.bytes[this.at] !== octet) return false;
    this.at++;
    return true;
  }

  /** Steps over `octet`, which must be here. */
  take(octet: number, expected = `"${String.fromCharCode(octet)}"`): void {
    if (!this.skip(octet)) throw this.expected(expected);
  }

  /** Steps over exactly one space. */
  space(): void {
    this.take(0x20, "space");
  }

  /** Steps over `word` (given in upper case) in any letter case, if it is here. */
  skipWord(word: string): boolean {
    const { bytes, at } = this;
    if (at + word.length > bytes.length) return false;
    for (let i = 0; i < word.length; i++) if (upper(bytes[at + i]!) !== word.charCodeAt(i)) return false;
    this.at = at + word.length;
    return true;
  }

  /** The octets from `from` up to here as a string of ASCII (or Latin-1) characters. */
  ascii(from: number): string {
    return asciiOf(this.bytes, from, this.at);
  }

  /** The error to throw where `rule` was expected. */
  expected(rule: string, at: number = this.at): WireSyntaxError {
    return new WireSyntaxError(rule, at);
  }
}

/** Octets `from` … `to` as a string, one character each. */
export function asciiOf(bytes: Uint8Array, from: number, to: number): string {
  return latin1.decode(bytes.subarray(from, to));
}

// Octets below 0x80 only ever mean ASCII here, for which the decoder has a fast path.
const latin1 = new TextDecoder("latin1");

function upper(octet: number): number {
  return octet >= 0x61 && octet <= 0x7a ? octet - 32 : octet;
}
