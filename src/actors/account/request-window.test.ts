import { describe, expect, test } from "bun:test";
import type { RequestId } from "../../domain/ids.ts";
import { RequestWindow } from "./request-window.ts";

const minute = 60_000;
const begin = 1_790_000_000_000;
const request = (n: number) => `request ${n}` as RequestId;
const doneAt = (at: number) => ({ seq: 1, at, events: [] });

describe("RequestWindow", () => {
  test("remembers for an hour of the log's time", () => {
    const window = new RequestWindow();
    for (let n = 0; n <= 60; n++) window.remember(request(n), doneAt(begin + n * minute));
    expect(window.find(request(0))).toBeUndefined();
    expect(window.find(request(1))).toBeDefined();
  });

  test("a clock that jumps, forwards or back, makes it forget nothing", () => {
    const window = new RequestWindow();
    window.remember(request(0), doneAt(begin));
    window.remember(request(1), doneAt(begin + 300 * minute));
    window.remember(request(2), doneAt(begin - 300 * minute));
    window.remember(request(3), doneAt(begin + minute));
    expect([0, 1, 2, 3].map((n) => window.find(request(n)) !== undefined)).toEqual([true, true, true, true]);
  });

  test("nodes whose clocks differ make it forget nothing", () => {
    const window = new RequestWindow();
    for (let n = 0; n < 50; n++) window.remember(request(n), doneAt(begin + n * 1000 + (n % 2) * 300 * minute));
    expect(window.find(request(0))).toBeDefined();
  });

  test("an account at rest for days forgets with the changes that follow", () => {
    const window = new RequestWindow();
    for (let n = 0; n < 20; n++) window.remember(request(n), doneAt(begin + n * 1440 * minute));
    expect(window.find(request(19 - 5))).toBeDefined();
    expect(window.find(request(19 - 6))).toBeUndefined();
  });

  test("holds no more than it has room for", () => {
    const window = new RequestWindow();
    for (let n = 0; n <= RequestWindow.capacity; n++) window.remember(request(n), doneAt(begin));
    expect(window.find(request(0))).toBeUndefined();
    expect(window.find(request(1))).toBeDefined();
  });

  test("what was packed goes on where it was", () => {
    const window = new RequestWindow();
    for (let n = 0; n < 60; n++) window.remember(request(n), doneAt(begin + n * minute));
    const again = RequestWindow.unpack(JSON.parse(JSON.stringify(window.pack())));
    for (const each of [window, again]) each.remember(request(60), doneAt(begin + 60 * minute));
    expect(again.pack()).toEqual(window.pack());
    expect(again.find(request(0))).toBeUndefined();
    expect(again.find(request(1))).toBeDefined();
  });
});
