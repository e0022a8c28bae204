import { expect, test } from "bun:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { SpareTime } from "./spare-time.ts";

function scene() {
  const clock = new ManualClock();
  const spare = new SpareTime(clock);
  const done: number[] = [];
  const work = (number: number, ms: number) =>
    spare.do(() => {
      clock.advance(ms);
      done.push(number);
    });
  return { clock, spare, done, work };
}

test("work is done at once while there is time for it; the rest waits for its turn, in order", () => {
  const { clock, spare, done, work } = scene();
  for (let number = 0; number < 5; number++) work(number, 0.5);
  expect(done).toEqual([0, 1]);
  expect(spare.waiting).toBe(3);
  clock.advance(11);
  expect(done).toEqual([0, 1, 2, 3]);
  clock.advance(11);
  expect(done).toEqual([0, 1, 2, 3, 4]);
});

test("work that takes long is paid for by those behind it", () => {
  const { clock, done, work } = scene();
  work(0, 5);
  work(1, 0.5);
  clock.advance(40);
  expect(done).toEqual([0]);
  clock.advance(20);
  expect(done).toEqual([0, 1]);
});

test("work that brings more work does not make it come before others", () => {
  const { clock, spare, done, work } = scene();
  spare.do(() => work(9, 0));
  work(1, 0);
  clock.advance(10);
  expect(done).toEqual([9, 1]);
});

test("work that fails is not done again", () => {
  const { clock, spare, done, work } = scene();
  expect(() =>
    spare.do(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
  work(1, 0);
  clock.advance(10);
  expect(done).toEqual([1]);
  expect(spare.waiting).toBe(0);
});
