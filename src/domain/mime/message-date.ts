import { FieldCursor } from "./field-cursor.ts";

/** A Date field read: the moment, and the day as it is written there, disregarding time and zone. */
export type MessageDate = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Days since 1970-01-01. */
  readonly day: number;
};

const months = new Map(
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map((name, month) => [
    name,
    month,
  ]),
);
const monthName = `(${[...months.keys()].join("|")})[a-z]*`;
const dayMonthYear = new RegExp(`(?:^|\\D)(\\d{1,2})[ -]+${monthName}\\.?[ ,-]+(\\d{2,4})(?![\\d:])`, "i");
const monthDayTimeYear = new RegExp(
  `${monthName} +(\\d{1,2}),? +((?:\\d{1,2}:\\d{2}(?::\\d{2})? +(?:[a-z]{1,5} +)?)?)(\\d{4})(?!\\d)`,
  "i",
);
/** RFC 5322 §4.3, hours from UTC. */
const zones = new Map([
  ["edt", -4],
  ["est", -5],
  ["cdt", -5],
  ["cst", -6],
  ["mdt", -6],
  ["mst", -7],
  ["pdt", -7],
  ["pst", -8],
  ["cet", 1],
  ["cest", 2],
  ["bst", 1],
  ["jst", 9],
]);
/** Longer values, comments left aside, are no dates. */
const longest = 200;

/**
 * Reads a Date field: RFC 5322 §3.3 with the obsolete forms of §4.3, and leniently what is found besides: a missing
 * time, zone or day name, the order of asctime, ISO 8601. Null where no day can be made out. A zone that is not known
 * is UTC, as RFC 5322 says of "-0000".
 */
export function parseDate(value: string): MessageDate | null {
  const text = withoutComments(value);
  const date = parseDay(text);
  if (date === null) return null;
  const time = /(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?/.exec(date.rest);
  const [hour, minute, second] = time === null ? [0, 0, 0] : [Number(time[1]), Number(time[2]), Number(time[3] ?? 0)];
  if (hour > 24 || minute > 59 || second > 60) return null;
  const zone = time === null ? 0 : zoneMinutes(date.rest.slice(time.index + time[0].length));
  const start = Date.UTC(date.year, date.month, date.day);
  const at = start + ((hour * 60 + minute - zone) * 60 + second) * 1000;
  const written = new Date(start);
  if (Number.isNaN(at) || written.getUTCDate() !== date.day) return null;
  return { at, day: Math.floor(start / 86_400_000) };
}

/** Without comments, every run of blanks one space, and none around the colons of the time (RFC 5322 §4.3). */
function withoutComments(value: string): string {
  const cursor = new FieldCursor(value);
  let text = "";
  while (!cursor.done && text.length < longest) {
    if (cursor.skipBlank()) text += " ";
    text += cursor.run("(");
  }
  return text.slice(0, longest).replace(/ ?: ?/g, ":");
}

type Day = { readonly year: number; readonly month: number; readonly day: number; readonly rest: string };

function parseDay(text: string): Day | null {
  const iso = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})/.exec(text);
  if (iso !== null) {
    const month = Number(iso[2]) - 1;
    return month > 11 ? null : { year: Number(iso[1]), month, day: Number(iso[3]), rest: text.slice(iso[0].length) };
  }
  const usual = dayMonthYear.exec(text);
  if (usual !== null) {
    const rest = text.slice(usual.index + usual[0].length);
    return { year: fullYear(usual[3]!), month: months.get(usual[2]!.toLowerCase())!, day: Number(usual[1]), rest };
  }
  const asctime = monthDayTimeYear.exec(text);
  if (asctime === null) return null;
  const month = months.get(asctime[1]!.toLowerCase())!;
  return {
    year: Number(asctime[4]),
    month,
    day: Number(asctime[2]),
    rest: asctime[3]! + text.slice(asctime.index + asctime[0].length),
  };
}

/** RFC 5322 §4.3: two and three digits. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}

function zoneMinutes(text: string): number {
  const offset = /^[^+-]{0,8}([+-])(\d{2}):?(\d{2})/.exec(text);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return minutes > 24 * 60 ? 0 : offset[1] === "-" ? -minutes : minutes;
  }
  const name = /[A-Za-z]{1,5}/.exec(text.slice(0, 20));
  return (zones.get(name?.[0].toLowerCase() ?? "") ?? 0) * 60;
}
