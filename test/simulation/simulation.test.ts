import { describe, expect, test } from "bun:test";
import { simulate } from "./history.ts";
import { Random } from "./random.ts";

const histories = 300;

describe("simulation", () => {
  test(`${histories} histories: what was acknowledged is there, once, and what was told is so`, () => {
    const violated: string[] = [];
    let entries = 0;
    for (let seed = 1; seed <= histories; seed++) {
      const verdict = simulate(seed);
      entries += verdict.entries;
      if (verdict.violations.length > 0) violated.push(`seed ${seed}: ${verdict.violations[0]}`);
    }
    expect(violated).toEqual([]);
    // Something has happened in them.
    expect(entries).toBeGreaterThan(10 * histories);
  });

  test("a history follows from its seed alone", () => {
    for (const seed of [3, 7, 50]) {
      const [first, again] = [simulate(seed), simulate(seed)];
      expect([again.fingerprint, again.steps, again.entries]).toEqual([first.fingerprint, first.steps, first.entries]);
    }
    expect(simulate(8).fingerprint).not.toBe(simulate(9).fingerprint);
  });

  test("random numbers spread evenly, and follow from their seed", () => {
    const random = new Random(1);
    const counts = new Uint32Array(10);
    for (let n = 0; n < 100_000; n++) counts[random.int(0, 9)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(new Random(1).hex(8)).toBe(new Random(1).hex(8));
    expect(new Random(1).hex(8)).not.toBe(new Random(2).hex(8));
  });
});
