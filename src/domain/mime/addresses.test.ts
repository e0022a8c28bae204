import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddresses } from "./addresses.ts";

const parse = (text: string) => parseAddresses(text).map(({ name, mailbox, host }) => [name, mailbox, host]);

test("parseAddresses reads the examples of RFC 5322 §A.1 and §A.6", () => {
  expect(parse('"Joe Q. Public" <john.q.public@example.com>')).toEqual([
    ["Joe Q. Public", "john.q.public", "example.com"],
  ]);
  expect(
    parse(
      'Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
    ),
  ).toEqual([
    ["Mary Smith", "mary", "x.test"],
    [null, "jdoe", "example.org"],
    ["Who?", "one", "y.test"],
    ['Giant; "Big" Box', "sysservices", "example.net"],
  ]);
  expect(parse("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;")).toEqual([
    [null, "A Group", null],
    ["Ed Jones", "c", "a.test"],
    [null, "joe", "where.test"],
    ["John", "jdoe", "one.test"],
    [null, null, null],
  ]);
  expect(parse("Undisclosed recipients:;")).toEqual([
    [null, "Undisclosed recipients", null],
    [null, null, null],
  ]);
  expect(parse("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>")).toEqual([
    ["Pete", "pete", "silly.test"],
  ]);
  expect(parse("Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . example")).toEqual([
    ["Mary Smith", "mary", "example.net"],
    [null, "jdoe", "test.example"],
  ]);
  expect(parse("A Group(Some people) :Chris <c@(Chris's host.)public.example>; (the end of the group)")).toEqual([
    [null, "A Group", null],
    ["Chris", "c", "public.example"],
    [null, null, null],
  ]);
});

test("parseAddresses joins what dots join, whatever blanks and comments are around them, and no more (RFC 5322 §4.4)", () => {
  expect(parse("jdoe@test (a) . (b) example .org")).toEqual([["b", "jdoe", "test.example.org"]]);
  expect(parse('john . (J.) smith @ x . org, "a b". c@d, <e . f@g . h>')).toEqual([
    [null, "john.smith", "x.org"],
    [null, "a b.c", "d"],
    [null, "e.f", "g.h"],
  ]);
  expect(parse("Big Bug bb@bug.com")).toEqual([["Big Bug", "bb", "bug.com"]]);
  expect(parse('"J. D." jd@x.org, "Joe"joe@x.org')).toEqual([
    ["J. D.", "jd", "x.org"],
    ["Joe", "joe", "x.org"],
  ]);
  expect(parse("<john smith@x.org>, <a@b c>, a@b c")).toEqual([
    [null, "john smith", "x.org"],
    [null, "a", "b"],
    [null, "a", "b"],
  ]);
});

test("parseAddresses keeps source routes aside, and domain-literals whole", () => {
  expect(parseAddresses("<@node.test , @b . test (c) :mary@example.net>, <mailto:a@b>")).toEqual([
    { name: null, route: "@node.test,@b.test", mailbox: "mary", host: "example.net" },
    { name: null, mailbox: "a", host: "b" },
  ]);
  expect(parse("a@[IPv6:2001:db8::1], <b@[IPv6:::1]>, c@[ 127.0 .0.1 ], d@[open, e@f")).toEqual([
    [null, "a", "[IPv6:2001:db8::1]"],
    [null, "b", "[IPv6:::1]"],
    [null, "c", "[127.0.0.1]"],
    [null, "d", "[open"],
    [null, "e", "f"],
  ]);
});

test("parseAddresses undoes quoted-pairs in a comment, and takes none of its commas for its own (RFC 5322 §3.2.1)", () => {
  expect(parse('a@b (Ann \\(x\\) \\"q\\" (nested) Smith)')).toEqual([['Ann (x) "q" (nested) Smith', "a", "b"]]);
  expect(parse("<a@b> (Smith, John), c@d")).toEqual([
    [null, "a", "b"],
    [null, "c", "d"],
  ]);
});

test("parseAddresses goes on after what it cannot read", () => {
  expect(parse("<<>>, ok@x.org")).toContainEqual([null, "ok", "x.org"]);
  expect(parse('"unclosed <a@b>, c@d')).toEqual([[null, "unclosed <a@b>, c@d", ""]]);
  expect(parse("A: B: c@d; e@f").at(-1)).toEqual([null, "e", "f"]);
  expect(parse("G: a@b")).toEqual([
    [null, "G", null],
    [null, "a", "b"],
    [null, null, null],
  ]);
});

test("parseAddresses takes any text, and its groups open and close", () => {
  const pieces = fc.constantFrom(
    "a",
    "@",
    "<",
    ">",
    ",",
    ";",
    ":",
    '"',
    "(",
    ")",
    "\\",
    " ",
    "=?x?q?y?=",
    ".",
    "[",
    "]",
    "b",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (some) => {
      let inGroup = false;
      for (const { mailbox, host } of parseAddresses(some.join(""))) {
        if (host !== null) continue;
        expect(mailbox === null).toBe(inGroup);
        inGroup = mailbox !== null;
      }
      expect(inGroup).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
