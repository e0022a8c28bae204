import { colon, isDigit, minus, plus, quote, SP, zero } from "../characters.ts";
import { asciiOf, type Cursor } from "../cursor.ts";

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const millisecondsADay = 86_400_000;

/** date = date-text / DQUOTE date-text DQUOTE ; as days since 1970-01-01 */
export function date(cursor: Cursor): number {
  const inQuotes = cursor.skip(quote);
  const from = cursor.at;
  const day = dateDay(cursor);
  const at = monthAndYear(cursor, day, from);
  if (inQuotes) cursor.take(quote);
  return at / millisecondsADay;
}

/**
 * date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 * date-day-fixed = (SP DIGIT) / 2DIGIT, and DIGIT
 * As milliseconds since 1970; before that it is negative.
 */
export function dateTime(cursor: Cursor): number {
  cursor.take(quote, "date-time");
  const from = cursor.at;
  // Accept "3-Feb-2025 …" without the blank: iOS 18.3 Mail sends it, Outlook for Android, imapflow before 1.0.188 and
  // node-imap (reported to mox, Zimbra, imapflow and node-imap); refused, what these clients sent is in no Sent folder.
  const day = cursor.skip(SP) ? oneDigit(cursor) : dateDay(cursor);
  const midnight = monthAndYear(cursor, day, from);
  cursor.space();
  const seconds = time(cursor);
  cursor.space();
  const at = midnight + (seconds - zone(cursor)) * 1000;
  cursor.take(quote);
  return at;
}

/** date-day = 1*2DIGIT */
function dateDay(cursor: Cursor): number {
  return isDigit(cursor.bytes[cursor.at + 1] ?? 0) ? twoDigits(cursor) : oneDigit(cursor);
}

/** "-" date-month "-" date-year ; date-year = 4DIGIT */
function monthAndYear(cursor: Cursor, day: number, from: number): number {
  cursor.take(minus);
  const month = months.indexOf(asciiOf(cursor.bytes, cursor.at, cursor.at + 3).toUpperCase());
  if (month < 0) throw cursor.expected("date-month");
  cursor.at += 3;
  cursor.take(minus);
  const year = twoDigits(cursor) * 100 + twoDigits(cursor);
  const at = new Date(0).setUTCFullYear(year, month, day);
  if (new Date(at).getUTCDate() !== day) throw cursor.expected("day of that month", from);
  return at;
}

/** time = 2DIGIT ":" 2DIGIT ":" 2DIGIT ; in seconds; 60 is a leap second */
function time(cursor: Cursor): number {
  const from = cursor.at;
  const hours = twoDigits(cursor);
  cursor.take(colon);
  const minutes = twoDigits(cursor);
  cursor.take(colon);
  const seconds = twoDigits(cursor);
  if (hours > 23 || minutes > 59 || seconds > 60) throw cursor.expected("time", from);
  return hours * 3600 + minutes * 60 + seconds;
}

/** zone = ("+" / "-") 4DIGIT ; in seconds east of Greenwich */
function zone(cursor: Cursor): number {
  const from = cursor.at;
  const west = cursor.skip(minus);
  if (!west) cursor.take(plus, "zone");
  const hours = twoDigits(cursor);
  const minutes = twoDigits(cursor);
  if (hours > 23 || minutes > 59) throw cursor.expected("zone", from);
  return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function twoDigits(cursor: Cursor): number {
  return oneDigit(cursor) * 10 + oneDigit(cursor);
}

function oneDigit(cursor: Cursor): number {
  const octet = cursor.peek();
  if (!isDigit(octet)) throw cursor.expected("DIGIT");
  cursor.at++;
  return octet - zero;
}
