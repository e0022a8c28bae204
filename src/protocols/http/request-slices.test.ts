import { expect, test } from "bun:test";
import { RequestSlices } from "./request-slices.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Keeps the thread for longer than a slice. */
function busy(): void {
  const until = performance.now() + 6;
  while (performance.now() < until);
}

test("a request that comes alone is begun at once", () => {
  const slices = new RequestSlices();
  const begun: number[] = [];
  slices.add(() => begun.push(1));
  expect(begun).toEqual([1]);
});

test("of a burst each slice has its part, in order, and other turns come in between", async () => {
  const slices = new RequestSlices();
  const seen: string[] = [];
  for (const name of ["a", "b", "c"]) {
    slices.add(() => {
      seen.push(name);
      busy();
    });
  }
  expect(seen).toEqual(["a"]);
  setImmediate(() => seen.push("other"));
  await turn();
  await turn();
  await turn();
  expect(seen).toEqual(["a", "b", "other", "c"]);
});

test("one that is added while another begins comes behind those that wait", async () => {
  const slices = new RequestSlices();
  const seen: string[] = [];
  slices.add(() => {
    seen.push("a");
    slices.add(() => seen.push("c"));
    slices.add(() => seen.push("d"));
  });
  await turn();
  expect(seen).toEqual(["a", "c", "d"]);
});
