/** The date column holds whole seconds since 1970 in 32 bits without a sign: up to 7 February 2106. */
const lastSecond = 0xffff_ffff;

/** A moment as it is kept, in milliseconds since 1970; null where it is before 1970 or after February 2106. */
export function keptDate(ms: number): number | null {
  const second = Math.floor(ms / 1000);
  return second >= 0 && second <= lastSecond ? second * 1000 : null;
}

/** The moment nearest to this one that can be kept: for dates that were found with a message, and that nobody asked for. */
export function nearestKeptDate(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / 1000), 0), lastSecond) * 1000;
}
