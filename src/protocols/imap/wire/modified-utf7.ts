/**
 * Mailbox names on an IMAP4rev1 connection: printable ASCII as it is, "&" as "&-", all else as UTF-16BE in base64
 * (with "," for "/") between "&" and "-".
 * @see RFC 3501 §5.1.3
 */
export function encodeModifiedUtf7(name: string): string {
  if (plain.test(name)) return name;
  let encoded = "";
  for (let at = 0; at < name.length; ) {
    const unit = name.charCodeAt(at);
    if (isPrintable(unit)) {
      encoded += unit === ampersand ? "&-" : name[at];
      at++;
      continue;
    }
    const from = at;
    while (at < name.length && !isPrintable(name.charCodeAt(at))) at++;
    encoded += `&${encodeUnits(name, from, at)}-`;
  }
  return encoded;
}

/**
 * The name that modified UTF-7 says; null where it is not modified UTF-7, or where it says it in another way than
 * RFC 3501 §5.1.3 prescribes (printable ASCII in base64, adjacent shifts, surplus bits): one name, one spelling.
 */
export function decodeModifiedUtf7(encoded: string): string | null {
  if (plain.test(encoded)) return encoded;
  let name = "";
  for (let at = 0; at < encoded.length; at++) {
    if (encoded.charCodeAt(at) !== ampersand) {
      name += encoded[at];
      continue;
    }
    const end = encoded.indexOf("-", at);
    if (end < 0) return null;
    name += end === at + 1 ? "&" : decodeUnits(encoded, at + 1, end);
    at = end;
  }
  return name.isWellFormed() && encodeModifiedUtf7(name) === encoded ? name : null;
}

const ampersand = 0x26;
const plain = /^[\x20-\x25\x27-\x7e]*$/;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
const values = new Map([...alphabet].map((character, value) => [character, value]));

function isPrintable(unit: number): boolean {
  return unit >= 0x20 && unit <= 0x7e;
}

function encodeUnits(name: string, from: number, to: number): string {
  let encoded = "";
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at++) {
    held = ((held & 0x3f) << 16) | name.charCodeAt(at);
    bits += 16;
    for (; bits >= 6; bits -= 6) encoded += alphabet[(held >> (bits - 6)) & 0x3f];
  }
  return bits === 0 ? encoded : encoded + alphabet[(held << (6 - bits)) & 0x3f];
}

function decodeUnits(encoded: string, from: number, to: number): string {
  let name = "";
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at++) {
    held = ((held & 0xffff) << 6) | (values.get(encoded[at]!) ?? 0);
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    name += String.fromCharCode((held >> bits) & 0xffff);
  }
  return name;
}
