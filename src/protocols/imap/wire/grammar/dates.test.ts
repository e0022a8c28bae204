import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ResponseBuffer } from "../print/response-buffer.ts";
import { expectRefused, read } from "../read-rule.fixture.ts";
import { date, dateTime } from "./dates.ts";

const dayOf = (iso: string) => Date.parse(`${iso}T00:00:00Z`) / 86_400_000;

describe("date", () => {
  test("with one or two digits of day, quoted or not, months in any case", () => {
    expect(read(date, "1-Feb-1994")).toBe(dayOf("1994-02-01"));
    expect(read(date, '"01-FEB-1994"')).toBe(dayOf("1994-02-01"));
    expect(read(date, "29-feb-2024")).toBe(dayOf("2024-02-29"));
    expect(read(date, "31-Dec-1969")).toBe(-1);
    expect(read(date, "01-Jan-0001")).toBe(dayOf("0001-01-01"));
  });

  test("refuses days that do not exist, and other shapes", () => {
    expectRefused(date, ["30-Feb-2024", "29-Feb-2023", "0-Jan-2024", "00-Jan-2024", "32-Jan-2024", "31-Apr-2024"]);
    expectRefused(date, [
      "1-Foo-2024",
      "1-Jan-24",
      "1-Jan-20244",
      "1 Jan 2024",
      '"1-Jan-2024',
      '1-Jan-2024"',
      "001-Jan-2024",
      "2024-01-01",
      "",
      " 1-Jan-2024",
    ]);
  });
});

describe("date-time", () => {
  test("as milliseconds since 1970, zone applied", () => {
    expect(read(dateTime, '"17-Jul-1996 02:44:25 -0700"')).toBe(Date.parse("1996-07-17T02:44:25-07:00"));
    expect(read(dateTime, '" 1-Jan-2026 23:59:60 +0530"')).toBe(Date.parse("2026-01-02T00:00:00+05:30"));
    expect(read(dateTime, '"01-Jan-1970 00:00:00 +0000"')).toBe(0);
    expect(read(dateTime, '"31-Dec-1969 23:59:59 +0000"')).toBe(-1000);
  });

  test("one digit of day without the blank before it, as real clients send it", () => {
    expect(read(dateTime, '"3-Feb-2025 18:28:47 +0000"')).toBe(Date.parse("2025-02-03T18:28:47Z"));
    expect(read(dateTime, '"0-Feb-2025 18:28:47 +0000"'.replace("0-", "9-"))).toBe(Date.parse("2025-02-09T18:28:47Z"));
  });

  test("refuses all else", () => {
    const shapes = [
      "01-Jan-2026 00:00:00 +0000",
      '"  1-Jan-2026 00:00:00 +0000"',
      '" 11-Jan-2026 00:00:00 +0000"',
      '"001-Jan-2026 00:00:00 +0000"',
      '"-Jan-2026 00:00:00 +0000"',
      '"01-Jan-2026 00:00:00"',
      '"01-Jan-2026 24:00:00 +0000"',
      '"01-Jan-2026 00:60:00 +0000"',
    ];
    expectRefused(dateTime, [
      ...shapes,
      '"01-Jan-2026 00:00:61 +0000"',
      '"01-Jan-2026 00:00:00 0000"',
      '"01-Jan-2026 00:00:00 +0060"',
      '"01-Jan-2026 00:00:00 +2400"',
      '"31-Feb-2026 00:00:00 +0000"',
      '"',
      '""',
    ]);
  });

  test("what is printed is read again", () => {
    const seconds = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999 }), (at, part) => {
        const chunks: Uint8Array[] = [];
        const out = new ResponseBuffer({ write: (bytes) => chunks.push(bytes.slice()) });
        out.internalDate(at * 1000 + part).flush();
        expect(read(dateTime, Buffer.concat(chunks))).toBe(at * 1000);
      }),
      { numRuns: 1000 },
    );
  });
});
