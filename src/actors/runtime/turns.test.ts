import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

test("so many at a time, in the order they came, and a failure gives its turn back", async () => {
  const turns = new Turns(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const all = Array.from({ length: 10 }, (_, n) =>
    turns.take(async () => {
      order.push(n);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (n % 3 === 0) throw new Error(`${n}`);
      return n;
    }),
  );
  const settled = await Promise.allSettled(all);
  expect(settled.map(({ status }) => status === "fulfilled")).toEqual(all.map((_, n) => n % 3 !== 0));
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(2);
  expect(await turns.take(async () => "free")).toBe("free");
});
