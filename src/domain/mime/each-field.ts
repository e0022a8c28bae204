import { binaryString } from "./binary-string.ts";
import { HeaderFieldPicker } from "./header-fields.ts";
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

/** The values of the fields with this name, in any letter case, in order; as eachField, but quicker to pass over others. */
export function valuesOf(header: Uint8Array, name: string): readonly string[] {
  const lower = name.toLowerCase();
  const values: string[] = [];
  const picked = pickerFor(lower).pick(header);
  if (picked.length > 2)
    for (const field of eachField(picked)) if (field.name.toLowerCase() === lower) values.push(field.value);
  return values;
}

const pickers = new Map<string, HeaderFieldPicker>();

function pickerFor(name: string): HeaderFieldPicker {
  let picker = pickers.get(name);
  if (picker === undefined) {
    picker = new HeaderFieldPicker([name], "named");
    // Names come from clients: the memory of them is bounded.
    if (pickers.size < 100) pickers.set(name, picker);
  }
  return picker;
}
