import { CR, closeBrace, isDigit, openBrace, plus, tilde, zero } from "./characters.ts";
import type { LiteralFacts } from "./types.ts";

/** Octets of the longest announcement there can be: `~{`, sixteen digits, `+}`, CRLF. */
export const longestAnnouncement = 22;

/** Where the text of a line ends that has its LF at `lf`: a bare LF ends a line too, as in Dovecot. */
export function textEnd(bytes: Uint8Array, from: number, lf: number): number {
  return lf > from && bytes[lf - 1] === CR ? lf - 1 : lf;
}

/**
 * The literal that a line announces with its last octets, `{n}`, `{n+}`, `~{n}` or `~{n+}`: its size and where the
 * announcement begins. A size above 2^53 - 1 is `Infinity`. null where the line announces none.
 * @see RFC 7888 §8 (there is no `{n-}`: LITERAL- is about sizes, not spelling)
 */
export function literalAnnouncedAt(
  bytes: Uint8Array,
  from: number,
  end: number,
): { readonly at: number; readonly facts: LiteralFacts } | null {
  let at = end - 1;
  if (at < from || bytes[at] !== closeBrace) return null;
  at--;
  const waits = bytes[at] !== plus;
  if (!waits) at--;
  const digitsEnd = at + 1;
  while (at >= from && isDigit(bytes[at]!)) at--;
  if (at < from || bytes[at] !== openBrace || at + 1 === digitsEnd) return null;
  let size = 0;
  for (let digit = at + 1; digit < digitsEnd; digit++) size = size * 10 + bytes[digit]! - zero;
  const binary = at > from && bytes[at - 1] === tilde;
  return {
    at: binary ? at - 1 : at,
    facts: { size: Number.isSafeInteger(size) ? size : Infinity, synchronising: waits, binary, streamed: false },
  };
}
