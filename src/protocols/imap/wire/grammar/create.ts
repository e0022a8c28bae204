import { open, SP } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { CreateRequest } from "../types.ts";
import { parenthesised } from "./lists.ts";
import { mailbox } from "./mailbox.ts";
import { atom } from "./strings.ts";

const known = ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"];

/** mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"] ; RFC 6154 §6 */
export function createRequest(cursor: Cursor): CreateRequest {
  const name = mailbox(cursor);
  if (cursor.peek() !== SP || cursor.bytes[cursor.at + 1] !== open) return { mailbox: name, uses: [] };
  cursor.space();
  cursor.take(open);
  if (!cursor.skipWord("USE")) throw cursor.expected("create-param");
  cursor.space();
  const uses = useAttributes(cursor);
  cursor.take(0x29);
  return { mailbox: name, uses: [...new Set(uses)] };
}

/** use-attr = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash" / use-attr-ext */
const useAttributes = parenthesised((cursor) => {
  cursor.take(0x5c, "use-attr");
  const word = `\\${atom(cursor)}`;
  return known.find((use) => use.toUpperCase() === word.toUpperCase()) ?? word;
});
