import { expect, test } from "bun:test";
import { Lifetime } from "./lifetime.ts";

test("a call is answered as the work is, and fails as it fails", async () => {
  const lifetime = new Lifetime();
  expect(await lifetime.during(Promise.resolve(1))).toBe(1);
  expect(lifetime.during(Promise.reject(new Error("refused")))).rejects.toThrow("refused");
});

test("the end fails calls under way and those to come, and only the first end counts", async () => {
  const lifetime = new Lifetime();
  const underWay = lifetime.during(new Promise(() => {}));
  lifetime.end(new Error("cut off"));
  lifetime.end(new Error("closed"));
  expect(underWay).rejects.toThrow("cut off");
  expect(lifetime.during(Promise.resolve(1))).rejects.toThrow("cut off");
  expect(lifetime.during(Promise.reject(new Error("refused")))).rejects.toThrow("cut off");
});

test("an answer is kept by nobody once it was given", async () => {
  const lifetime = new Lifetime();
  const answers: WeakRef<object>[] = [];
  for (let call = 0; call < 200; call++) {
    await lifetime.during(Promise.resolve({ call })).then((answer) => void answers.push(new WeakRef(answer)));
  }
  // A WeakRef keeps what it has shown until the task ends.
  await new Promise((resolve) => setImmediate(resolve));
  Bun.gc(true);
  // Some may be found on the stack still; before, all of them were held.
  expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThan(20);
});
