import { expect, test } from "bun:test";
import fc from "fast-check";
import { countUids, eachUid, runsOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import { lastMatch } from "./open-mailbox.ts";
import { uidsAt } from "./sequence-numbers.ts";

const numbers = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 25 }).map(runsOf);

/** One pair after the other, as RFC 7162 §3.2.5.2 tells it. */
function pairByPair(known: UidRuns, sequences: UidRuns, uids: UidRuns): number {
  const other = eachUid(uids);
  let last = 0;
  for (const sequence of eachUid(sequences)) {
    const { value } = other.next();
    if (uidsAt(known, [sequence, sequence])[0] !== value) return last;
    last = value!;
  }
  return last;
}

test("lastMatch finds the last pair up to which a client's sequence numbers are right", () => {
  fc.assert(
    fc.property(numbers, numbers, fc.nat(25), (known, gone, count) => {
      // What the client knew: messages that are there still, and others that have gone.
      const before = runsOf([...eachUid(known), ...eachUid(gone)]);
      const all = Array.from(eachUid(before), (_, at) => at + 1);
      const sequences = runsOf(all.filter((sequence) => sequence % 3 !== count % 3).slice(0, count));
      const uids = uidsAt(before, sequences);
      expect(countUids(uids)).toBe(countUids(sequences));
      expect(lastMatch({ known }, { sequences, uids })).toBe(pairByPair(known, sequences, uids));
    }),
    { numRuns: 1000 },
  );
});
