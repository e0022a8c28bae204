import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import { pageFrame, readCursor, startOf, writeCursor } from "./cursor.ts";
import { HttpFailure } from "./failure.ts";

const key = z.tuple([z.number(), z.number()]);

describe("cursors", () => {
  test("read what was written, and are safe in a query string", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1 }), (a, b, page) => {
        const text = writeCursor({ key: [a, b], page });
        expect(text).toMatch(/^[\w-]+$/);
        expect(readCursor(text, key)).toEqual({ key: [a, b], page });
      }),
    );
  });

  test("of another list, damaged or invented ones are refused by name", () => {
    const ofUsers = writeCursor({ key: "0123456789abcdef01234567", page: 2 });
    for (const bad of [ofUsers, "x", "%%%", Buffer.from("[0,[1,2]]").toString("base64url"), "e30"]) {
      expect(() => startOf({ next: bad }, key)).toThrow(HttpFailure);
      try {
        startOf({ previous: bad }, key);
      } catch (error) {
        expect((error as HttpFailure).more.details).toEqual({ previous: '"previous" is not a cursor of this list' });
      }
    }
    fc.assert(fc.property(fc.string(), (text) => readCursor(text, key) === null || /^[\w-]/.test(text)));
  });

  test("none is the first page, and next wins over previous", () => {
    expect(startOf({}, key)).toBeNull();
    const next = writeCursor({ key: [1, 2] as [number, number], page: 3 });
    const previous = writeCursor({ key: [5, 6] as [number, number], page: 1 });
    expect(startOf({ next, previous }, key)).toEqual({ way: "next", key: [1, 2], page: 3 });
  });
});

describe("pageFrame", () => {
  const ends = { first: 1, last: 9 };
  test("of the only page has no neighbours", () => {
    const frame = pageFrame({ start: null, ends, before: false, after: false });
    expect(frame).toEqual({ page: 1, previousCursor: false, nextCursor: false });
  });

  test("numbers pages by the way they were reached", () => {
    const second = pageFrame({ start: { way: "next", key: 0, page: 2 }, ends, before: true, after: true });
    expect(second.page).toBe(2);
    expect(readCursor(second.nextCursor as string, z.number())).toEqual({ key: 9, page: 3 });
    expect(readCursor(second.previousCursor as string, z.number())).toEqual({ key: 1, page: 1 });
  });

  test("is page 1 wherever nothing comes before, whatever the cursor says", () => {
    expect(pageFrame({ start: { way: "previous", key: 0, page: 7 }, ends, before: false, after: true }).page).toBe(1);
  });
});
