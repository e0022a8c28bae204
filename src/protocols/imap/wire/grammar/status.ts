import type { StatusItem } from "../types.ts";
import { oneOf, parenthesisedSome } from "./lists.ts";

/**
 * status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "HIGHESTMODSEQ" (RFC 7162 §7) /
 *   "SIZE" (RFC 8438 §4) / "DELETED" (RFC 9051 §9)
 */
export const statusAtt = oneOf<StatusItem>(
  ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE", "DELETED"],
  "status-att",
);

/** "(" status-att *(SP status-att) ")" ; each once */
export function statusItems(cursor: Parameters<typeof items>[0]): readonly StatusItem[] {
  return [...new Set(items(cursor))];
}

const items = parenthesisedSome(statusAtt);
