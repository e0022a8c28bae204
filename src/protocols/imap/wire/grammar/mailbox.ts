import { parsePath } from "../../../../domain/account/mailbox-path.ts";
import { isListChar, openBrace, quote } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import { decodeModifiedUtf7 } from "../modified-utf7.ts";
import type { MailboxName } from "../types.ts";
import { ImpossibleName } from "../wire-syntax-error.ts";
import { astringOctets, run, utf8OrNull } from "./strings.ts";

/**
 * mailbox = "INBOX" / astring ; INBOX is case-insensitive
 * As the path it means, in the one spelling that `parsePath` gives it: what two commands call alike is one mailbox.
 * Throws `ImpossibleName` where no mailbox can be called that.
 */
export function mailbox(cursor: Cursor): string {
  const from = cursor.at;
  const name = mailboxName(cursor);
  if ("why" in name) throw new ImpossibleName(name.why, from);
  return name.path;
}

/** As `mailbox`, for a command that has something to do also where the name is impossible. */
export function mailboxName(cursor: Cursor): MailboxName {
  const text = decoded(astringOctets(cursor), cursor);
  if (text === null) return { why: cursor.context.utf8 ? "it is not UTF-8" : "it is not modified UTF-7" };
  const name = parsePath(text);
  return "why" in name ? name : { path: name.path };
}

/** The reference of LIST: astring, decoded and otherwise as it is; null where it is not modified UTF-7 */
export function listReference(cursor: Cursor): string | null {
  return decoded(astringOctets(cursor), cursor);
}

/** list-mailbox = 1*list-char / string ; as `listReference`, with "*" and "%" as they are */
export function listMailbox(cursor: Cursor): string | null {
  const from = cursor.at;
  const next = cursor.peek();
  if (next === quote || next === openBrace) return decoded(astringOctets(cursor), cursor);
  return decoded(cursor.bytes.subarray(from, run(cursor, isListChar, "list-mailbox")), cursor);
}

/** From modified UTF-7 (RFC 3501 §5.1.3), from UTF-8 once UTF8=ACCEPT is on (RFC 6855 §3); null where it is not that. */
function decoded(octets: Uint8Array, cursor: Cursor): string | null {
  const text = utf8OrNull(octets);
  return text === null || cursor.context.utf8 ? text : decodeModifiedUtf7(text);
}
