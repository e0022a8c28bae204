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
  expect(parse("Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . example")[0]).toEqual([
    "Mary Smith",
    "mary",
    "example.net",
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
