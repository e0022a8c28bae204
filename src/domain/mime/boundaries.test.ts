import { expect, test } from "bun:test";
import { bytesOf } from "./binary-string.ts";
import { Boundaries } from "./boundaries.ts";

function match(boundaries: Boundaries, line: string) {
  const bytes = bytesOf(`..${line}\r\n`);
  return boundaries.match(bytes, 2, bytes.length);
}

test("Boundaries: the longest that a line begins with counts, then the innermost", () => {
  const boundaries = new Boundaries();
  expect(match(boundaries, "--a")).toBeNull();
  expect([boundaries.add(0, "a"), boundaries.add(1, "abc"), boundaries.add(4, "a")]).toEqual([true, true, true]);
  expect(match(boundaries, "--a")).toEqual({ level: 4, closes: false });
  expect(match(boundaries, "--abcd--")).toEqual({ level: 1, closes: false });
  expect(match(boundaries, "--abc-- x")).toEqual({ level: 1, closes: true });
  expect(match(boundaries, "--b")).toBeNull();
  expect(match(boundaries, "-a")).toBeNull();
  boundaries.drop(1);
  expect(match(boundaries, "--abc--")).toEqual({ level: 0, closes: false });
  boundaries.drop(0);
  expect(match(boundaries, "--a")).toBeNull();
});

test("Boundaries: blanks at the end of the parameter may be missing in the delimiter", () => {
  const boundaries = new Boundaries();
  boundaries.add(0, "a b \t");
  expect(match(boundaries, "--a b")).toEqual({ level: 0, closes: false });
  expect(match(boundaries, "--a b--")).toEqual({ level: 0, closes: true });
  expect(match(boundaries, "--a b \t--")).toEqual({ level: 0, closes: true });
});

test("Boundaries: what is empty is no boundary, and none is too long", () => {
  const boundaries = new Boundaries();
  expect([boundaries.add(0, " "), boundaries.add(0, "")]).toEqual([false, false]);
  for (const [level, size] of [501, 70_000, 3].entries()) expect(boundaries.add(level, "x".repeat(size))).toBe(true);
  expect(boundaries.delimiterSize).toBe(70_004);
  expect(match(boundaries, `--${"x".repeat(70_000)}--`)).toEqual({ level: 1, closes: true });
  expect(match(boundaries, `--${"x".repeat(69_999)}--`)).toEqual({ level: 0, closes: false });
});
