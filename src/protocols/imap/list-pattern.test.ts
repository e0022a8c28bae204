import { expect, test } from "bun:test";
import fc from "fast-check";
import { listPattern } from "./list-pattern.ts";

const cases: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ["*", ["INBOX", "a/b/c", ""], []],
  ["%", ["INBOX", "a"], ["a/b"]],
  ["a/%", ["a/b", "a/"], ["a", "a/b/c"]],
  ["a*", ["a", "a/b/c", "ab"], ["b/a"]],
  ["%/c", ["a/c"], ["a/b/c", "c"]],
  ["*%", ["a/b"], []],
  ["%%", ["a"], ["a/b"]],
  ["inbox", ["INBOX"], ["inbox/x"]],
  ["iNb%", ["INBOX"], ["INBOX/x"]],
  ["Inbox/%", ["INBOX/x"], ["inbox/x", "INBOX", "INBOX/x/y"]],
  ["inb*s", ["INBOX/s"], ["INBOX/S"]],
  ["%ox/x", ["INBOX/x"], ["INBOX/X"]],
  ["\u0131nbox", [], ["INBOX"]],
  ["work", ["work"], ["Work"]],
  ["a.b", ["a.b"], ["axb"]],
  ["", [""], ["a"]],
];

for (const [pattern, yes, no] of cases) {
  test(`${JSON.stringify(pattern)} (RFC 3501 §6.3.8)`, () => {
    const matches = listPattern(pattern);
    for (const path of yes) expect(matches(path)).toBe(true);
    for (const path of no) expect(matches(path)).toBe(false);
  });
}

test("matches what a regular expression of the same meaning matches", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "%", "*"), maxLength: 8 });
  const path = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
  fc.assert(
    fc.property(text, path, (pattern, name) => {
      const same = new RegExp(`^${pattern.replace(/[*]/g, ".*").replace(/%/g, "[^/]*")}$`);
      expect(listPattern(pattern)(name)).toBe(same.test(name));
    }),
  );
});

test("a pattern made to be slow is not", () => {
  const pattern = "%a".repeat(30_000);
  const names = Array.from({ length: 1_500 }, (_, at) => `${"a".repeat(200)}${at}`);
  const matches = listPattern(pattern);
  expect(names.some(matches)).toBe(false);
});
