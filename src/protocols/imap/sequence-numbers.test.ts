import { expect, test } from "bun:test";
import fc from "fast-check";
import { eachUid, runsOf } from "../../domain/account/uid-runs.ts";
import { sequencesOf, uidsAt } from "./sequence-numbers.ts";

const uids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }).map((set) => set.sort((a, b) => a - b));

test("sequence numbers are places in the list of UIDs, and back", () => {
  fc.assert(
    fc.property(uids, uids, (known, asked) => {
      const places = asked.filter((uid) => known.includes(uid)).map((uid) => known.indexOf(uid) + 1);
      expect(sequencesOf(runsOf(known), runsOf(asked))).toEqual(runsOf(places));
      const found = asked.filter((place) => place <= known.length).map((place) => known[place - 1]!);
      expect(uidsAt(runsOf(known), runsOf(asked))).toEqual(runsOf(found));
      expect<number[]>([...eachUid(uidsAt(runsOf(known), runsOf(places)))]).toEqual(
        known.filter((uid) => asked.includes(uid)),
      );
    }),
  );
});

test("a mailbox of a million costs no more than its runs", () => {
  expect(sequencesOf([2, 1_000_001], [500_000, 500_001])).toEqual([499_999, 500_000]);
  expect(uidsAt([2, 1_000_001], [1, 1_000_000])).toEqual([2, 1_000_001]);
});
