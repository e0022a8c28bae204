import { expect, test } from "bun:test";
import type { Clock } from "./clock.ts";
import { TimeSlices } from "./time-slices.ts";

/** Time that passes only by work: a step of `work` costs a millisecond. */
function workplace() {
  let now = 0;
  const told: string[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(_, run) {
      told.push("others");
      queueMicrotask(run);
      return () => {};
    },
  };
  function* work(name: string, steps: number): Generator<void, string> {
    for (let step = 0; step < steps; step++) {
      now++;
      told.push(name);
      yield;
    }
    return `${name} done`;
  }
  return { slices: new TimeSlices(clock), told, work };
}

test("short work is done at once", async () => {
  const { slices, told, work } = workplace();
  expect(await slices.run(work("a", 4))).toBe("a done");
  expect(told).toEqual(["a", "a", "a", "a"]);
});

test("others come between two slices, and several works take turns", async () => {
  const { slices, told, work } = workplace();
  expect(await Promise.all([slices.run(work("a", 12)), slices.run(work("b", 7))])).toEqual(["a done", "b done"]);
  expect(told.join(" ")).toBe("a a a a a others b b b b b others a a a a a others b b a a");
});

test("work that fails lets the next one on", async () => {
  const { slices, work } = workplace();
  const failing: Iterator<void, never> = {
    next() {
      throw new Error("broken");
    },
  };
  expect(await slices.run(failing).catch((error: Error) => error.message)).toBe("broken");
  expect(await slices.run(work("a", 1))).toBe("a done");
});
