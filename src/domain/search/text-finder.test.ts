import { expect, test } from "bun:test";
import fc from "fast-check";
import { foldText } from "./fold-text.ts";
import { TextFinder } from "./text-finder.ts";

function find(texts: readonly string[], ...needles: string[]): boolean[] {
  const finder = new TextFinder(needles.map(foldText));
  for (const text of texts) finder.write(text);
  finder.end();
  return needles.map((_, index) => finder.found(index));
}

test("foldText makes equal what differs in letter case, in composition or in the form of sigma", () => {
  expect(foldText("CAFÉ")).toBe(foldText("cafe\u0301"));
  expect(foldText("ΟΔΥΣΣΕΥΣ")).toBe(foldText("οδυσσευς"));
  expect(foldText("ÅNGSTRÖM")).toBe(foldText("a\u030angstro\u0308m"));
  expect(foldText("МИР")).toBe("мир");
  expect(foldText("straße")).not.toBe(foldText("strasse"));
});

test("TextFinder finds a needle across chunks, a decomposed one too", () => {
  expect(find(["xxne", "ed", "lexx"], "Needle")).toEqual([true]);
  expect(find(["cafe", "\u0301 x"], "CAFÉ")).toEqual([true]);
  expect(find(["cafe", "\u0301 x"], "cafe")).toEqual([false]);
  expect(find(["ab"], "abc", "b", "")).toEqual([false, true, true]);
});

test("TextFinder: nothing reaches across the end of a text", () => {
  const finder = new TextFinder(["ab"]);
  finder.write("a");
  finder.end();
  finder.write("b");
  finder.end();
  expect(finder.found(0)).toBe(false);
  finder.write("ab");
  expect([finder.end(), finder.done]).toEqual([true, true]);
});

test("TextFinder agrees with a plain search, for any chunks", () => {
  const letters = fc.constantFrom("a", "A", "b", "e", "\u0301", "é", "É", "Σ", "ς", "σ", " ", "中", "😀", "İ", "x");
  const text = fc.array(letters, { maxLength: 30 }).map((some) => some.join(""));
  const needle = fc.array(letters, { maxLength: 4 }).map((some) => some.join(""));
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 5 }),
      fc.array(needle, { minLength: 1, maxLength: 3 }),
      (texts, needles) => {
        const whole = foldText(texts.join(""));
        expect(find(texts, ...needles)).toEqual(needles.map((one) => whole.includes(foldText(one))));
      },
    ),
    { numRuns: 3000 },
  );
});
