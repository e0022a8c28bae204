import { close, open, quote, SP } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { AppendOpening, AppendRequest } from "../types.ts";
import { dateTime } from "./dates.ts";
import { flagList } from "./flags.ts";
import { mailbox } from "./mailbox.ts";
import { literalHead } from "./strings.ts";

/**
 * What precedes the message: mailbox SP [flag-list SP] [date-time SP] ["UTF8" SP "("]
 * The cursor must be at the end then, as `AnnouncedLiteral.args` has it.
 */
export function appendOpening(cursor: Cursor): AppendOpening {
  const opening = beforeMessage(cursor);
  if (!cursor.atEnd) throw cursor.expected("literal");
  return opening;
}

/**
 * append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP append-data
 * append-data = literal / literal8 / append-data-ext ; RFC 4466 §2.5
 * append-data-ext = "UTF8" SP "(" literal8 ")" ; RFC 6855 §4
 */
export function appendRequest(cursor: Cursor): AppendRequest {
  const opening = beforeMessage(cursor);
  const message = literalHead(cursor, opening.utf8 ? "literal8" : "either");
  if (!message.streamed) {
    if (cursor.at + message.size > cursor.bytes.length) throw cursor.expected("octets of the literal");
    cursor.at += message.size;
  }
  if (opening.utf8) cursor.take(close);
  return { ...opening, message };
}

function beforeMessage(cursor: Cursor): AppendOpening {
  const name = mailbox(cursor);
  cursor.space();
  const flags = cursor.peek() === open ? flagList(cursor) : null;
  if (flags !== null) cursor.space();
  const internalDate = cursor.peek() === quote ? dateTime(cursor) : undefined;
  if (internalDate !== undefined) cursor.space();
  const utf8 = cursor.skipWord("UTF8");
  if (utf8) {
    cursor.take(SP, "space");
    cursor.take(open);
  }
  return { mailbox: name, flags: flags ?? [], ...(internalDate !== undefined && { internalDate }), utf8 };
}
