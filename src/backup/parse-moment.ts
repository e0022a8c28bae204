/**
 * A moment as people write it: ISO 8601, or a date and a time with a space between, local time where no zone is given.
 * Milliseconds since 1970; null where it is none.
 */
export function parseMoment(written: string): number | null {
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/.test(written.trim())) return null;
  const text = written.trim();
  // A date alone would be taken as midnight UTC, while a date with a time is local.
  const moment = Date.parse(text.length === 10 ? `${text}T00:00:00` : text.replace(" ", "T").replace(/\s/g, ""));
  return Number.isNaN(moment) ? null : moment;
}
