/**
 * Writes a whole number, 0 … 2^53 - 1, in ASCII digits at `at`; answers where it ends.
 * Digit by digit into the octets: a string in between would cost more than all the rest of a FETCH line.
 */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value > 0x7fff_ffff) return writeLarge(bytes, at, value);
  let rest = value | 0;
  const end = at + digitsOf(rest);
  let place = end;
  while (rest >= 100) {
    const hundredth = (rest / 100) | 0;
    const pair = (rest - hundredth * 100) << 1;
    bytes[--place] = pairs[pair + 1]!;
    bytes[--place] = pairs[pair]!;
    rest = hundredth;
  }
  if (rest >= 10) {
    bytes[--place] = pairs[(rest << 1) + 1]!;
    bytes[--place] = pairs[rest << 1]!;
  } else bytes[--place] = 0x30 + rest;
  return end;
}

/** "00" … "99" */
const pairs = new Uint8Array(200);
for (let value = 0; value < 100; value++) {
  pairs[value * 2] = 0x30 + Math.floor(value / 10);
  pairs[value * 2 + 1] = 0x30 + (value % 10);
}

function digitsOf(value: number): number {
  if (value < 100_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    if (value < 1_000) return 3;
    return value < 10_000 ? 4 : 5;
  }
  if (value < 10_000_000) return value < 1_000_000 ? 6 : 7;
  if (value < 100_000_000) return 8;
  return value < 1_000_000_000 ? 9 : 10;
}

function writeLarge(bytes: Uint8Array, at: number, value: number): number {
  const digits = String(value);
  for (let i = 0; i < digits.length; i++) bytes[at + i] = digits.charCodeAt(i);
  return at + digits.length;
}
