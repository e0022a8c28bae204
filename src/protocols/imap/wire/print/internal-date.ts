/** Octets of a date-time, its quotes included: `"01-Jan-2026 10:00:00 +0000"`. */
export const internalDateOctets = 28;

const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
const secondsADay = 86_400;

/** `"01-Jan-2026 ` of the day written last: messages beside each other tend to be of one day. */
let rememberedDay = Number.NaN;
const remembered = new Uint8Array(13);

/**
 * date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 * of seconds since 1970, in UTC; answers where it ends. Years 0 … 9999.
 */
export function writeInternalDate(bytes: Uint8Array, at: number, seconds: number): number {
  const day = Math.floor(seconds / secondsADay);
  if (day !== rememberedDay) rememberDay(day);
  bytes.set(remembered, at);
  const time = seconds - day * secondsADay;
  const hours = (time / 3600) | 0;
  const minutes = ((time / 60) | 0) % 60;
  writeTwo(bytes, at + 13, hours);
  bytes[at + 15] = 0x3a;
  writeTwo(bytes, at + 16, minutes);
  bytes[at + 18] = 0x3a;
  writeTwo(bytes, at + 19, time % 60);
  bytes.set(utc, at + 21);
  return at + internalDateOctets;
}

const utc = new TextEncoder().encode(' +0000"');

function rememberDay(day: number): void {
  const date = new Date(day * secondsADay * 1000);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() * 3;
  remembered[0] = 0x22;
  writeTwo(remembered, 1, date.getUTCDate());
  remembered[3] = 0x2d;
  for (let i = 0; i < 3; i++) remembered[4 + i] = months.charCodeAt(month + i);
  remembered[7] = 0x2d;
  writeTwo(remembered, 8, Math.floor(year / 100) % 100);
  writeTwo(remembered, 10, year % 100);
  remembered[12] = 0x20;
  rememberedDay = day;
}

function writeTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = 0x30 + tens;
  bytes[at + 1] = 0x30 + value - tens * 10;
}
