import { close, open } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { IdRequest } from "../types.ts";
import { nstring, string } from "./strings.ts";

/** id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil ; RFC 2971 §4 */
export function idRequest(cursor: Cursor): IdRequest {
  if (cursor.skipWord("NIL")) return null;
  cursor.take(open, "id-params-list");
  const pairs: [string, string | null][] = [];
  if (cursor.skip(close)) return pairs;
  do {
    if (pairs.length > 0) cursor.space();
    const field = string(cursor);
    cursor.space();
    pairs.push([field, nstring(cursor)]);
    // RFC 2971 §3.3: implementations must not send more than 30 pairs.
    if (pairs.length > 30) throw cursor.expected("at most 30 field-value pairs");
  } while (!cursor.skip(close));
  return pairs;
}
