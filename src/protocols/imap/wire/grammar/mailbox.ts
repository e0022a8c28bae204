import { isListChar, openBrace, quote } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import { decodeModifiedUtf7 } from "../modified-utf7.ts";
import { astringOctets, run, utf8Text } from "./strings.ts";

/**
 * mailbox = "INBOX" / astring ; INBOX is case-insensitive
 * Decoded to Unicode: from modified UTF-7 (RFC 3501 §5.1.3), from UTF-8 once UTF8=ACCEPT is on (RFC 6855 §3).
 */
export function mailbox(cursor: Cursor): string {
  const from = cursor.at;
  const name = decoded(astringOctets(cursor), cursor, from);
  return name.length === 5 && name.toUpperCase() === "INBOX" ? "INBOX" : name;
}

/** list-mailbox = 1*list-char / string ; decoded as `mailbox`, with "*" and "%" as they are */
export function listMailbox(cursor: Cursor): string {
  const from = cursor.at;
  const next = cursor.peek();
  if (next === quote || next === openBrace) return decoded(astringOctets(cursor), cursor, from);
  return decoded(cursor.bytes.subarray(from, run(cursor, isListChar, "list-mailbox")), cursor, from);
}

function decoded(octets: Uint8Array, cursor: Cursor, from: number): string {
  const text = utf8Text(octets, cursor);
  if (cursor.context.utf8) return text;
  const name = decodeModifiedUtf7(text);
  if (name === null) throw cursor.expected("mailbox name in modified UTF-7", from);
  return name;
}
