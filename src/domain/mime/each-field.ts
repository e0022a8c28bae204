import { binaryString } from "./binary-string.ts";
import { unfold } from "./part-header.ts";

/** A header field: its name as written, its unfolded value in a binary string. */
export type HeaderField = { readonly name: string; readonly value: string };

/**
 * The fields of a header, in order; lines that are no field are passed over.
 *
 * @see RFC 5322 §2.2
 */
export function* eachField(header: Uint8Array): Generator<HeaderField> {
  const size = header.length;
  let at = 0;
  while (at < size) {
    const first = header[at];
    if (first === 10 || (first === 13 && header[at + 1] === 10)) return;
    let end = at;
    do {
      const lineFeed = header.indexOf(10, end);
      end = lineFeed < 0 ? size : lineFeed + 1;
    } while (end < size && (header[end] === 32 || header[end] === 9));
    const colon = header.subarray(at, end).indexOf(58);
    if (colon > 0 && first !== 32 && first !== 9) {
      const name = binaryString(header, at, at + colon).trimEnd();
      if (!/\s/.test(name)) yield { name, value: unfold(binaryString(header, at + colon + 1, end)) };
    }
    at = end;
  }
}
