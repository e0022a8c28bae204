import { expect, test } from "bun:test";
import { parseMoment } from "./parse-moment.ts";

test("parseMoment reads ISO 8601 with a zone, and local time without one", () => {
  expect(parseMoment("2026-05-31T12:00:00Z")).toBe(Date.UTC(2026, 4, 31, 12));
  expect(parseMoment("2026-05-31T12:00+02:00")).toBe(Date.UTC(2026, 4, 31, 10));
  expect(parseMoment("2026-05-31 12:00:30.250 +0200")).toBe(Date.UTC(2026, 4, 31, 10, 0, 30, 250));
  expect(parseMoment("2026-05-31T12:00")).toBe(new Date(2026, 4, 31, 12).getTime());
  expect(parseMoment("2026-05-31")).toBe(new Date(2026, 4, 31).getTime());
});

test("parseMoment refuses what is no moment, or what two people would read differently", () => {
  for (const text of [
    "",
    "yesterday",
    "12:00",
    "31.05.2026",
    "05/31/2026",
    "2026-13-01",
    "2026-05-31T25:00",
    "1700000000",
  ])
    expect({ text, moment: parseMoment(text) }).toEqual({ text, moment: null });
});
