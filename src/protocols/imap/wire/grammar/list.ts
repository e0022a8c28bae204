import { close, open, SP } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { ListRequest, ListSelection, StatusItem } from "../types.ts";
import { keyword, oneOf, parenthesised, parenthesisedSome } from "./lists.ts";
import { listMailbox, listReference } from "./mailbox.ts";
import { statusItems } from "./status.ts";

/** [list-select-opts SP] mailbox SP mbox-or-pat [SP list-return-opts] ; RFC 5258 §6 */
export function listRequest(cursor: Cursor): ListRequest {
  const selecting = cursor.peek() === open;
  const selection = selecting ? selectOptions(cursor) : [];
  const reference = listReference(cursor);
  cursor.space();
  // mbox-or-pat = list-mailbox / patterns ; patterns = "(" list-mailbox *(SP list-mailbox) ")"
  const several = cursor.peek() === open;
  const patterns = several ? patternList(cursor) : [listMailbox(cursor)];
  const at = cursor.at;
  const returning = cursor.skip(SP) && cursor.skipWord("RETURN");
  if (!returning) cursor.at = at;
  const returns = returning ? returnOptions(cursor) : nothing;
  return { extended: selecting || several || returning, selection, reference, patterns, returns };
}

const nothing = { subscribed: false, children: false, specialUse: false };
const patternList = parenthesisedSome(listMailbox);

/**
 * list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")" SP
 * RECURSIVEMATCH refines another option than REMOTE, and is an error without one (RFC 5258 §3.1).
 */
function selectOptions(cursor: Cursor): readonly ListSelection[] {
  const from = cursor.at;
  const selection = [...new Set(selectOptionList(cursor))];
  if (selection.includes("RECURSIVEMATCH") && !selection.some((option) => basic.has(option)))
    throw cursor.expected("SUBSCRIBED with RECURSIVEMATCH", from);
  cursor.space();
  return selection;
}

const basic = new Set<ListSelection>(["SUBSCRIBED", "SPECIAL-USE"]);
const selectOptionList = parenthesised(
  oneOf<ListSelection>(["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"], "list-select-opt"),
);

/**
 * list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
 * return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" (RFC 6154 §6) / "STATUS" SP "(" status-att … ")" (RFC 5819 §4)
 */
function returnOptions(cursor: Cursor): ListRequest["returns"] {
  const options = { ...nothing };
  let status: readonly StatusItem[] | undefined;
  cursor.space();
  cursor.take(open);
  if (cursor.skip(close)) return options;
  do {
    const from = cursor.at;
    switch (keyword(cursor, "return-option")) {
      case "SUBSCRIBED":
        options.subscribed = true;
        break;
      case "CHILDREN":
        options.children = true;
        break;
      case "SPECIAL-USE":
        options.specialUse = true;
        break;
      case "STATUS":
        cursor.space();
        status = statusItems(cursor);
        break;
      default:
        throw cursor.expected("return-option", from);
    }
  } while (cursor.skip(SP));
  cursor.take(close);
  return { ...options, ...(status && { status }) };
}
