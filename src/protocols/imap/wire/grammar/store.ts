import type { FlagChange } from "../../../../domain/account/events.ts";
import { close, minus, open, plus } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { StoreUpdate } from "../types.ts";
import { bareFlags, flagList } from "./flags.ts";
import { modSequence } from "./numbers.ts";

/**
 * [store-modifiers SP] store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
 */
export function storeUpdate(cursor: Cursor): StoreUpdate {
  const unchangedSince = cursor.peek() === open ? storeModifiers(cursor) : undefined;
  const change: FlagChange = cursor.skip(plus) ? "add" : cursor.skip(minus) ? "remove" : "replace";
  if (!cursor.skipWord("FLAGS")) throw cursor.expected("FLAGS");
  const echo = cursor.skipWord(".SILENT") ? "silent" : "flags";
  cursor.space();
  const flags = cursor.peek() === open ? flagList(cursor) : bareFlags(cursor);
  return { change, flags, echo, ...(unchangedSince !== undefined && { unchangedSince }) };
}

/** store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" ; RFC 7162 §7 */
function storeModifiers(cursor: Cursor): number {
  cursor.take(open);
  if (!cursor.skipWord("UNCHANGEDSINCE")) throw cursor.expected("store-modifier");
  cursor.space();
  const since = modSequence(cursor);
  cursor.take(close);
  cursor.space();
  return since;
}
