import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { countUids, runsOf, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { ResponseBuffer } from "./print/response-buffer.ts";
import { expectRefused, read } from "./read-rule.fixture.ts";
import { knownSet, resolveSet, sequenceSet } from "./sequence-set.ts";
import { highest } from "./types.ts";

const resolved = (text: string, top: number) => [...resolveSet(read(sequenceSet, text), top)];

describe("sequence-set", () => {
  test("numbers, ranges in either order, *", () => {
    expect([...read(sequenceSet, "1,5:3,*,7:*,*:2")]).toEqual([1, 1, 3, 5, highest, highest, 7, highest, 2, highest]);
    expect([...read(sequenceSet, "4294967295")]).toEqual([4294967295, 4294967295]);
  });

  test("refuses all else", () => {
    expectRefused(sequenceSet, [
      "",
      "0",
      "1:0",
      "$",
      "1,",
      ",1",
      "1:",
      ":1",
      "1:2:3",
      "1,,2",
      "-1",
      "1-2",
      "4294967296",
      "**",
      "a",
      "1 2",
      "1:*x",
    ]);
  });

  test("* is the highest, also below the other end (RFC 3501 §6.4.8)", () => {
    expect(resolved("1:*", 9)).toEqual([1, 9]);
    expect(resolved("*", 9)).toEqual([9, 9]);
    expect(resolved("500:*", 9)).toEqual([9, 500]);
    expect(resolved("*:*,3,1:2,3:4", 9)).toEqual([1, 4, 9, 9]);
    expect(resolved("1:*", 0)).toEqual([]);
    expect(resolved("5,*", 0)).toEqual([5, 5]);
  });

  test("known-uids has no *", () => {
    expect([...read(knownSet, "4,1:3")]).toEqual([1, 4]);
    expectRefused(knownSet, ["*", "1:*"]);
  });

  test("a set of 100,000 ranges, in the worst order, is read and resolved", () => {
    const ranges = Array.from({ length: 100_000 }, (_, index) => `${400_000 - index * 3}:${400_001 - index * 3}`);
    expect(countUids(resolveSet(read(sequenceSet, ranges.join(",")), 1))).toBe(200_000);
  });

  test("what is printed is read again", () => {
    const uid = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(uid, { minLength: 1, maxLength: 40 }), (uids) => {
        const runs: UidRuns = runsOf(uids);
        const chunks: Uint8Array[] = [];
        const out = new ResponseBuffer({ write: (bytes) => chunks.push(bytes.slice()) });
        out.uidSet(runs).flush();
        expect([...resolveSet(read(sequenceSet, Buffer.concat(chunks)), 7)]).toEqual([...runs]);
      }),
      { numRuns: 1000 },
    );
  });
});
