import { isDigit, zero } from "../characters.ts";
import { asciiOf, type Cursor } from "../cursor.ts";

/** number = 1*DIGIT ; (0 <= n < 4,294,967,296) */
export function number(cursor: Cursor): number {
  return digits(cursor, 0, 0xffff_ffff, "number");
}

/** nz-number = digit-nz *DIGIT ; (0 < n < 4,294,967,296). A leading zero does no harm. */
export function nzNumber(cursor: Cursor): number {
  return digits(cursor, 1, 0xffff_ffff, "nz-number");
}

/**
 * number64 = 1*DIGIT ; (0 <= n <= 9,223,372,036,854,775,807), RFC 9051 §9.
 * Above 2^53 - 1, where no size or count can be, the value is 2^53 - 1.
 */
export function number64(cursor: Cursor): number {
  return Math.min(digits(cursor, 0, largest63, "number64"), Number.MAX_SAFE_INTEGER);
}

/** mod-sequence-valzer = "0" / mod-sequence-value ; RFC 7162 §7, at most 2^63 - 1, as `number64` */
export const modSequence = number64;

/** mod-sequence-value = 1*DIGIT ; (1 <= n <= 9,223,372,036,854,775,807) */
export function nzModSequence(cursor: Cursor): number {
  return Math.min(digits(cursor, 1, largest63, "mod-sequence-value"), Number.MAX_SAFE_INTEGER);
}

// 2^63 - 1 has no number of its own: what comes this near is compared exactly.
const largest63 = 2 ** 63;
const exactLargest63 = 2n ** 63n - 1n;

function digits(cursor: Cursor, least: number, most: number, rule: string): number {
  const { bytes, at: from } = cursor;
  let at = from;
  let value = 0;
  while (at < bytes.length && isDigit(bytes[at]!)) {
    value = value * 10 + bytes[at]! - zero;
    if (value > most) throw cursor.expected(rule, from);
    at++;
  }
  if (at === from || value < least) throw cursor.expected(rule, from);
  if (value === largest63 && BigInt(asciiOf(bytes, from, at)) > exactLargest63) throw cursor.expected(rule, from);
  cursor.at = at;
  return value;
}
