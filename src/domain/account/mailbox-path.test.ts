import { expect, test } from "bun:test";
import fc from "fast-check";
import { parsePath } from "./mailbox-path.ts";

const path = (text: string): string | undefined => {
  const parsed = parsePath(text);
  return "path" in parsed ? parsed.path : undefined;
};

test("parsePath gives one spelling to every way of writing a name", () => {
  for (const spelling of ["INBOX", "inbox", "Inbox/", "/iNbOx", "/INBOX/"]) expect(path(spelling)).toBe("INBOX");
  for (const spelling of ["INBOX/Gr\u00fcn", "inbox/Gru\u0308n", "/Inbox/Gr\u00fcn/"])
    expect(path(spelling)).toBe("INBOX/Gr\u00fcn");
});

test("only INBOX itself is INBOX, and only as the first level", () => {
  expect(path("Work/inbox")).toBe("Work/inbox");
  expect(path("inboxes")).toBe("inboxes");
  // A dotless i and a long s are letters of their own, although their upper case is ASCII.
  expect(path("\u0131nbox")).toBe("\u0131nbox");
});

test("what cannot be a name is refused, however it is wrapped", () => {
  for (const text of ["", "/", "//", "a//b", "//a", "a//", "a/\u0001", "\ud800", "a/\u2028"])
    expect(path(text)).toBe(undefined);
});

test("the one spelling of a name is its own", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("i", "I", "nbox", "/", "u\u0308", "\u0131", " ") }), (text) => {
      const once = path(text);
      if (once !== undefined) expect(path(once)).toBe(once);
    }),
  );
});

test("a name has many levels and long ones, but neither without end, nor in all", () => {
  const levels = (count: number, length: number) => Array.from({ length: count }, () => "a".repeat(length)).join("/");
  for (const [count, length] of [
    [128, 8],
    [7, 512],
    [1, 512],
  ] as const)
    expect(path(levels(count, length))).toBeDefined();
  for (const [count, length] of [
    [129, 8],
    [1, 513],
    [8, 512],
  ] as const)
    expect(path(levels(count, length))).toBe(undefined);
});
