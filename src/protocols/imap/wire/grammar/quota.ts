import { isAtomChar } from "../characters.ts";
import { asciiOf, type Cursor } from "../cursor.ts";
import type { QuotaLimit } from "../types.ts";
import { parenthesised } from "./lists.ts";
import { number64 } from "./numbers.ts";
import { run } from "./strings.ts";

/** setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")" ; RFC 9208 §7 */
export const quotaLimits = parenthesised(quotaLimit);

/** setquota-resource = resource-name SP resource-limit ; resource names in upper case */
function quotaLimit(cursor: Cursor): QuotaLimit {
  const from = cursor.at;
  const resource = asciiOf(cursor.bytes, from, run(cursor, isAtomChar, "resource-name")).toUpperCase();
  cursor.space();
  return { resource, limit: number64(cursor) };
}
