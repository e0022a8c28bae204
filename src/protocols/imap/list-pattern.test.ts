import { expect, test } from "bun:test";
import fc from "fast-check";
import { listPatterns, mostPattern } from "./list-pattern.ts";

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
    const matches = listPatterns([pattern]);
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
      expect(listPatterns([pattern])(name)).toBe(same.test(name));
    }),
  );
});

test("matches what any of several patterns matches, names in any order", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "%", "*", "i", "I"), maxLength: 40 });
  const path = fc.string({ unit: fc.constantFrom("a", "b", "/", "INBOX"), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), fc.array(path), (patterns, paths) => {
      const each = patterns.map((pattern) => listPatterns([pattern]));
      const any = listPatterns(patterns);
      for (const name of paths) expect(any(name)).toBe(each.some((matches) => matches(name)));
    }),
  );
});

test("is as long as names are where it has no wildcard, and no longer than can be looked for where it has", () => {
  const long = "a".repeat(60_000);
  expect(listPatterns([long])(long)).toBe(true);
  expect(listPatterns([`${"%a".repeat(mostPattern / 2)}`])("a/a")).toBe(false);
  expect(() => listPatterns(["%a".repeat(mostPattern / 2), "*"])).toThrow("characters of patterns");
});
