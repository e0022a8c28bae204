import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseDate } from "./message-date.ts";

const iso = (text: string) => {
  const date = parseDate(text);
  return date === null ? null : new Date(date.at).toISOString().replace(".000Z", "Z");
};
const day = (text: string) => {
  const date = parseDate(text);
  return date === null ? null : new Date(date.day * 86_400_000).toISOString().slice(0, 10);
};

test("parseDate reads the examples of RFC 5322 §A", () => {
  expect(iso("Fri, 21 Nov 1997 09:55:06 -0600")).toBe("1997-11-21T15:55:06Z");
  expect(iso("Tue, 1 Jul 2003 10:52:37 +0200")).toBe("2003-07-01T08:52:37Z");
  expect(iso("Thu, 13\n      Feb\n        1969\n    23:32\n           -0330 (Newfoundland Time)")).toBe(
    "1969-02-14T03:02:00Z",
  );
  expect(iso("21 Nov 97 09:55:06 GMT")).toBe("1997-11-21T09:55:06Z");
  expect(iso("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600")).toBe("1997-11-21T15:55:06Z");
});

test("parseDate passes over comments, nested and quoted ones, wherever blanks may be (RFC 5322 §3.2.2)", () => {
  expect(iso("(1 Jan 2001) Fri(a (2 Feb 2002) \\)) , 21(x)Nov(y)1997(z)09:55(:)-0600(CST)")).toBe(
    "1997-11-21T15:55:00Z",
  );
  expect(iso(`(${"long ".repeat(100)})21 Nov 1997 09:55:06 +0000`)).toBe("1997-11-21T09:55:06Z");
});

test("parseDate tells the day as written, whatever the zone", () => {
  expect(day("Mon, 2 Jan 2023 23:30:00 -0800")).toBe("2023-01-02");
  expect(day("Mon, 2 Jan 2023 00:30:00 +1400")).toBe("2023-01-02");
  expect(iso("Mon, 2 Jan 2023 00:30:00 +1400")).toBe("2023-01-01T10:30:00Z");
});

test("parseDate reads what is found besides", () => {
  expect(iso("2 Jan 2023")).toBe("2023-01-02T00:00:00Z");
  expect(iso("2023-01-02T03:04:05Z")).toBe("2023-01-02T03:04:05Z");
  expect(iso("2023-01-02 03:04:05 +0100")).toBe("2023-01-02T02:04:05Z");
  expect(iso("Mon Jan  2 03:04:05 2023")).toBe("2023-01-02T03:04:05Z");
  expect(iso("Mon Jan  2 03:04:05 EST 2023")).not.toBeNull();
  expect(iso("Mon, 2 January 2023 03:04 EST")).toBe("2023-01-02T08:04:00Z");
  expect(iso("02-Jan-2023 03:04:05 GMT+0100")).toBe("2023-01-02T02:04:05Z");
  expect(iso("Mon, 2 Jan 103 03:04:05 +0000")).toBe("2003-01-02T03:04:05Z");
  expect(iso("Mon, 2 Jan 49 03:04:05 XYZ")).toBe("2049-01-02T03:04:05Z");
  expect(iso("Mon, 2 Jan 2023 03:04:05 +01:00")).toBe("2023-01-02T02:04:05Z");
});

test("parseDate answers null where there is no day", () => {
  for (const text of [
    "",
    "whatever",
    "32 Jan 2023",
    "31 Feb 2023 10:00",
    "2 Foo 2023",
    "10:00:00",
    "2 Jan 2023 25:00",
    "2023-13-01",
  ]) {
    expect([text, parseDate(text)]).toEqual([text, null]);
  }
});

test("parseDate reads back any moment in any zone", () => {
  const zone = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), zone, (second, minutes) => {
      const local = new Date((second + minutes * 60) * 1000);
      const sign = minutes < 0 ? "-" : "+";
      const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      const offset = `${sign}${String(hours).padStart(2, "0")}${String(rest).padStart(2, "0")}`;
      expect(parseDate(local.toUTCString().replace("GMT", offset))).toEqual({
        at: second * 1000,
        day: Math.floor(local.getTime() / 86_400_000),
      });
    }),
  );
});

test("parseDate takes any text", () => {
  const pieces = fc.constantFrom("Jan", " ", "2", "2023", "-", ":", ",", "(", ")", "+", "00", "Mon");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (some) => {
      const date = parseDate(some.join(""));
      if (date !== null) expect(Number.isInteger(date.at) && Number.isInteger(date.day)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
