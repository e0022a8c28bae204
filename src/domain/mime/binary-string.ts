/**
 * A binary string holds one byte a character (U+0000 … U+00FF): raw header text keeps its bytes in it, whatever its
 * charset may be, and still is a string to search and cut.
 */

/** Bytes [start, end) as a binary string. */
export function binaryString(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** The bytes of a binary string; a character above U+00FF counts as its low byte. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
