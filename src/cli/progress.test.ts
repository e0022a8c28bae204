import { expect, test } from "bun:test";
import { Progress, progressLine } from "./progress.ts";

test("progressLine says how far, how fast and how long", () => {
  expect(progressLine(500, 1000, 2000, "messages")).toBe(
    "[###############...............] 500 of 1000 messages, 250/s, 2 s left",
  );
  expect(progressLine(1, 100_000, 1000, "messages")).toMatch(/1\/s, 27 h 46 min left$/);
  expect(progressLine(1200, 1000, 1000, "messages")).toMatch(/^\[#{30}\] 1200 of 1000 messages, 1200\/s, 0 s left$/);
  expect(progressLine(7, null, 1000, "messages")).toBe("7 messages, 7/s");
  expect(progressLine(0, 10, 0, "messages")).toBe(`[${".".repeat(30)}] 0 of 10 messages, 0/s`);
});

test("Progress shows itself on a terminal only, at most ten times a second, and leaves an empty line", () => {
  for (const isTTY of [true, false]) {
    const shown: string[] = [];
    let time = 0;
    const out = { isTTY, write: (text: string) => void shown.push(text) };
    const progress = new Progress({ out, unit: "messages", total: 1000, now: () => time });
    for (time = 1; time <= 1000; time += 1) progress.advance();
    progress.end();
    expect(shown).toHaveLength(isTTY ? 11 : 0);
    if (isTTY) expect(shown.at(-1)).toBe("\r\u001b[K");
  }
});
