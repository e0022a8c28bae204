import {
  backslash,
  CR,
  closeBrace,
  isAstringChar,
  isAtomChar,
  LF,
  NUL,
  openBrace,
  plus,
  quote,
  tilde,
} from "../characters.ts";
import { asciiOf, type Cursor } from "../cursor.ts";
import type { LiteralFacts } from "../types.ts";
import { number64 } from "./numbers.ts";

/** atom = 1*ATOM-CHAR */
export function atom(cursor: Cursor): string {
  return asciiOf(cursor.bytes, cursor.at, run(cursor, isAtomChar, "atom"));
}

/** astring = 1*ASTRING-CHAR / string, as Unicode text */
export function astring(cursor: Cursor): string {
  return utf8Text(astringOctets(cursor), cursor);
}

/** astring ; a user name or password: null where it is not UTF-8, which none is that is known here */
export function credential(cursor: Cursor): string | null {
  return utf8OrNull(astringOctets(cursor));
}

/** As `astring`, the octets themselves. They are a view where nothing had to be unescaped. */
export function astringOctets(cursor: Cursor): Uint8Array {
  const next = cursor.peek();
  if (next === quote) return quoted(cursor);
  if (next === openBrace) return literal(cursor);
  const from = cursor.at;
  return cursor.bytes.subarray(from, run(cursor, isAstringChar, "astring"));
}

/** string = quoted / literal, as Unicode text */
export function string(cursor: Cursor): string {
  const next = cursor.peek();
  if (next === quote) return utf8Text(quoted(cursor), cursor);
  if (next === openBrace) return utf8Text(literal(cursor), cursor);
  throw cursor.expected("string");
}

/** nstring = string / nil */
export function nstring(cursor: Cursor): string | null {
  return cursor.skipWord("NIL") ? null : string(cursor);
}

/**
 * quoted = DQUOTE *QUOTED-CHAR DQUOTE
 * QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
 */
export function quoted(cursor: Cursor): Uint8Array {
  cursor.take(quote, "quoted");
  const { bytes, at: from } = cursor;
  let escapes = 0;
  for (let at = from; at < bytes.length; at++) {
    const octet = bytes[at]!;
    if (octet === quote) {
      cursor.at = at + 1;
      return escapes === 0 ? bytes.subarray(from, at) : withoutEscapes(bytes, from, at, escapes);
    }
    // Octets above 0x7f are accepted before ENABLE UTF8=ACCEPT too: clients quote UTF-8 in SEARCH CHARSET UTF-8.
    if (octet === NUL || octet === CR || octet === LF) throw cursor.expected("QUOTED-CHAR", at);
    if (octet === backslash) {
      at++;
      escapes++;
      if (bytes[at] !== quote && bytes[at] !== backslash) throw cursor.expected("quoted-specials", at);
    }
  }
  throw cursor.expected("closing DQUOTE", bytes.length);
}

/** literal = "{" number64 ["+"] "}" CRLF *CHAR8 ; CHAR8 = %x01-ff */
export function literal(cursor: Cursor): Uint8Array {
  const from = cursor.at;
  const { size, streamed } = literalHead(cursor);
  if (streamed) throw cursor.expected("string", from);
  const octets = cursor.bytes.subarray(cursor.at, cursor.at + size);
  if (octets.length < size) throw cursor.expected("octets of the literal", cursor.bytes.length);
  if (octets.includes(NUL)) throw cursor.expected("CHAR8", from);
  cursor.at += size;
  return octets;
}

/**
 * literal = "{" number64 ["+"] "}" CRLF and literal8 = "~{" number64 ["+"] "}" CRLF, without the octets: the cursor
 * stands at the first of them, or behind the literal where they were streamed.
 */
export function literalHead(cursor: Cursor, allowed: "literal" | "literal8" | "either" = "literal"): LiteralFacts {
  const from = cursor.at;
  const binary = allowed !== "literal" && cursor.skip(tilde);
  if (!binary && allowed === "literal8") throw cursor.expected("literal8", from);
  cursor.take(openBrace, "literal");
  const size = number64(cursor);
  const synchronising = !cursor.skip(plus);
  cursor.take(closeBrace);
  cursor.skip(CR);
  cursor.take(LF, "CRLF");
  const announced = cursor.literals[cursor.literal++];
  return { size, synchronising, binary, streamed: announced?.streamed ?? false };
}

/** The text that UTF-8 octets say; `WireSyntaxError` where they are not UTF-8. */
export function utf8Text(octets: Uint8Array, cursor: Cursor): string {
  const text = utf8OrNull(octets);
  if (text === null) throw cursor.expected("UTF-8");
  return text;
}

/** The text that UTF-8 octets say; null where they are not UTF-8. */
export function utf8OrNull(octets: Uint8Array): string | null {
  try {
    return utf8.decode(octets);
  } catch {
    return null;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Steps over one or more octets of a class; answers where they end. */
export function run(cursor: Cursor, belongs: (octet: number) => boolean, rule: string): number {
  const { bytes, at: from } = cursor;
  let at = from;
  while (at < bytes.length && belongs(bytes[at]!)) at++;
  if (at === from) throw cursor.expected(rule);
  cursor.at = at;
  return at;
}

function withoutEscapes(bytes: Uint8Array, from: number, to: number, escapes: number): Uint8Array {
  const plain = new Uint8Array(to - from - escapes);
  for (let at = from, end = 0; at < to; at++) {
    if (bytes[at] === backslash) at++;
    plain[end++] = bytes[at]!;
  }
  return plain;
}
