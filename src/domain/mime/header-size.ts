/**
 * Bytes of the header that `bytes` begin with, the empty line after it included; all of them where there is none. Line
 * ends are CRLF or LF.
 *
 * @see RFC 5322 §2.1
 */
export function headerSize(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const char = bytes[at];
    if (char === 10) return at + 1;
    if (char === 13 && bytes[at + 1] === 10) return at + 2;
    const lineFeed = bytes.indexOf(10, at);
    if (lineFeed < 0) break;
    at = lineFeed + 1;
  }
  return bytes.length;
}
