import { expect, test } from "bun:test";
import { keptDate, nearestKeptDate } from "./kept-date.ts";

test("what the column holds is kept in whole seconds, all else is said to be none", () => {
  expect(keptDate(0)).toBe(0);
  expect(keptDate(1999)).toBe(1000);
  expect(keptDate(Date.UTC(2106, 1, 7, 6, 28, 15, 999))).toBe(Date.UTC(2106, 1, 7, 6, 28, 15));
  for (const ms of [-1, -1000, Date.UTC(1969, 11, 31), Date.UTC(2106, 1, 7, 6, 28, 16), Date.UTC(9999, 0), Number.NaN])
    expect(keptDate(ms)).toBe(null);
});

test("the nearest is the date itself where that can be kept", () => {
  expect(nearestKeptDate(-1)).toBe(0);
  expect(nearestKeptDate(1999)).toBe(1000);
  expect(nearestKeptDate(Date.UTC(9999, 0))).toBe(Date.UTC(2106, 1, 7, 6, 28, 15));
});
