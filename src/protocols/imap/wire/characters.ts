/** Which octets may stand where: the character classes of RFC 3501 §9, one bit each. */
const atomBit = 1;
const astringBit = 2;
const tagBit = 4;
const listBit = 8;

const classes = new Uint8Array(256);
for (let octet = 0x21; octet < 0x7f; octet++) {
  const character = String.fromCharCode(octet);
  // atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
  if ('(){"\\'.includes(character)) continue;
  const wildcard = character === "%" || character === "*";
  const bracket = character === "]";
  if (!wildcard && !bracket) classes[octet]! |= atomBit;
  if (!wildcard) classes[octet]! |= astringBit;
  if (!wildcard && character !== "+") classes[octet]! |= tagBit;
  classes[octet]! |= listBit;
}

/** ATOM-CHAR = <any CHAR except atom-specials> */
export function isAtomChar(octet: number): boolean {
  return (classes[octet]! & atomBit) !== 0;
}

/** ASTRING-CHAR = ATOM-CHAR / resp-specials */
export function isAstringChar(octet: number): boolean {
  return (classes[octet]! & astringBit) !== 0;
}

/** tag = 1*<any ASTRING-CHAR except "+"> */
export function isTagChar(octet: number): boolean {
  return (classes[octet]! & tagBit) !== 0;
}

/** list-char = ATOM-CHAR / list-wildcards / resp-specials */
export function isListChar(octet: number): boolean {
  return (classes[octet]! & listBit) !== 0;
}

export function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

export function isLetter(octet: number): boolean {
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

export const NUL = 0x00;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const quote = 0x22;
export const dollar = 0x24;
export const open = 0x28;
export const close = 0x29;
export const asterisk = 0x2a;
export const plus = 0x2b;
export const comma = 0x2c;
export const minus = 0x2d;
export const dot = 0x2e;
export const zero = 0x30;
export const colon = 0x3a;
export const less = 0x3c;
export const greater = 0x3e;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const tilde = 0x7e;
