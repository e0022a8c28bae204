/**
 * The line `From sender date` before each message of an mbox. What follows `From ` was never agreed on: the date comes
 * as `asctime` writes it or as RFC 822 does, with zones before or behind the year, in parentheses, with UUCP's
 * `remote from host` behind it; Thunderbird writes `From - date`, and `From ` with nothing behind it.
 */
const day = "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?";
const month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const time = "(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:\\.\\d+)?)?";
// At most three, so that a long line of words is not tried in every division.
const zones = "((?: +(?:[+-]\\d{4}|\\([^()]*\\)|[A-Z][A-Za-z]{0,4})){0,3})";
const tail = "(?: +remote from \\S+)? *\\r?$";
const asctime = new RegExp(`^From (?:.* )?${day}${month} +(\\d{1,2}),? +${time}${zones} +(\\d{4})${zones}${tail}`);
const rfc822 = new RegExp(`^From (?:.* )?${day}(\\d{1,2})[ -]${month}[ -](\\d{4}) +${time}${zones}${tail}`);
const iso8601 = /^From (?:.* )?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)? *\r?$/;

/** Longest separator that is looked for, in octets. */
export const maxSeparator = 1000;

/**
 * Whether a message begins at `line`. `next` is the line below it, `behind` what stands above it.
 *
 * A date makes a separator of it behind an empty line. Without one, something has to follow that looks like a header.
 * A dated line that is followed by a well-known field is one wherever it stands: Dovecot, mutt and UW take those, and
 * writers that forget the empty line exist, while a writer that has none of `Content-Length` quotes such lines in bodies.
 */
export function beginsMessage(line: string, next: string, behind: "empty line" | "text" | "length"): boolean {
  if (!isFromLine(line)) return false;
  const dated = isDated(line);
  if (behind === "text") return dated && knownField.test(next);
  if (behind === "length") return dated || field.test(next);
  return dated || (/^From *\r?$/.test(line) ? field.test(next) : knownField.test(next));
}

/** Whether an mbox can begin with this line: `From `, and behind it a date, or below it a header, be it an empty one. */
export function beginsMbox(line: string, next: string): boolean {
  return isFromLine(line) && (isDated(line) || field.test(next));
}

function isFromLine(line: string): boolean {
  return line.startsWith("From ") || /^From\r?$/.test(line);
}

export function isDated(line: string): boolean {
  return asctime.test(line) || rfc822.test(line) || iso8601.test(line);
}

/** The date of a separator; null where it has none. Without a zone it is UTC, as in RFC 4155. */
export function dateOfSeparator(line: string): Date | null {
  const a = asctime.exec(line);
  if (a) return dateOf([a[7]!, a[1]!, a[2]!, a[3]!, a[4]!, a[5]], a[6]! + a[8]!);
  const r = rfc822.exec(line);
  if (r) return dateOf([r[3]!, r[2]!, r[1]!, r[4]!, r[5]!, r[6]], r[7]!);
  const i = iso8601.exec(line);
  return i ? valid(new Date(`${i[1]}T${i[2]}${i[3] ?? "Z"}`)) : null;
}

type DateParts = [year: string, month: string, day: string, hour: string, minute: string, second: string | undefined];

function dateOf([year, month, day, hour, minute, second]: DateParts, zone: string): Date | null {
  const [, sign, hours, minutes] = /([+-])(\d\d)(\d\d)/.exec(zone) ?? [];
  const named = zone
    .split(" ")
    .map((word) => americanZones[word])
    .find((offset) => offset !== undefined);
  const offset = sign ? (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) : (named ?? 0) * 60;
  const at = Date.UTC(
    Number(year),
    months.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute) - offset,
    Number(second ?? 0),
  );
  return valid(new Date(at));
}

/** Hours from UTC of the zones that RFC 822 §5.1 names; of other names nobody knows which they are. */
const americanZones: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function valid(date: Date): Date | null {
  return Number.isNaN(date.getTime()) ? null : date;
}

const field = /^[!-9;-~]+[ \t]*:|^>From /;
const knownField =
  /^(?:Return-Path|Received|From|Date|Message-ID|Subject|To|Cc|Reply-To|Sender|Delivered-To|Envelope-To|MIME-Version|Content-Type|Status|List-[a-z]+|Resent-[a-z]+|DKIM-Signature|X-[!-9;-~]+)[ \t]*:|^>From .*remote from /i;
