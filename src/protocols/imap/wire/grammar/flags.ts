import type { Flag } from "../../../../domain/account/events.ts";
import { backslash } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import { parenthesised, spaced } from "./lists.ts";
import { atom } from "./strings.ts";

const systemFlags = new Map(
  ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"].map((flag) => [flag.toUpperCase(), flag]),
);

/**
 * flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
 * No flag-extension is defined, and \Recent is not for clients to set (RFC 3501 §2.3.2): both are errors.
 */
export function flag(cursor: Cursor): Flag {
  if (cursor.peek() !== backslash) return atom(cursor);
  const from = cursor.at++;
  const known = systemFlags.get(`\\${atom(cursor).toUpperCase()}`);
  if (known === undefined) throw cursor.expected("system flag", from);
  return known;
}

/** flag-list = "(" [flag *(SP flag)] ")" ; each flag once */
export function flagList(cursor: Cursor): readonly Flag[] {
  return [...new Set(flags(cursor))];
}

/** flag *(SP flag) ; each flag once */
export function bareFlags(cursor: Cursor): readonly Flag[] {
  return [...new Set(spacedFlags(cursor))];
}

const flags = parenthesised(flag);
const spacedFlags = spaced(flag);
