import { expect, test } from "bun:test";
import fc from "fast-check";
import { nestedDeeper } from "./nesting.ts";

/** The depth of a value by calling itself, which is right for shallow ones. */
const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test("a value is nested deeper than what is less than its depth", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(8), (value, most) => {
      expect(nestedDeeper(value, most)).toBe(depthOf(value) > most);
    }),
  );
});

test("however deep it is, it is told", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
  expect(nestedDeeper(deep, 64)).toBe(true);
  expect(nestedDeeper({ flat: Array.from({ length: 100_000 }, () => ({})) }, 3)).toBe(false);
});
