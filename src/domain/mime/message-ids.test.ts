import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseMessageIds } from "./message-ids.ts";

test("parseMessageIds reads the identifiers of RFC 5322 §A.5 and §A.6.3", () => {
  expect(parseMessageIds("<5678.21-Nov-1997@example.com>", 10)).toEqual(["<5678.21-Nov-1997@example.com>"]);
  expect(parseMessageIds(" <testabcd.1234@silly.test>", 10)).toEqual(["<testabcd.1234@silly.test>"]);
  expect(parseMessageIds("<1234   @   local(blah)  .machine .example>", 10)).toEqual(["<1234@local.machine.example>"]);
});

test("parseMessageIds takes none out of a comment, and passes over words", () => {
  expect(parseMessageIds("(see <old@x>) <a@x>(\\) <b@x>)\r\n\t<c@x> of Monday, <d@x", 10)).toEqual(["<a@x>", "<c@x>"]);
  expect(parseMessageIds('Your message of "Mon, 2 Jan" <0@x.org> :-( <1@x.org>', 10)).toEqual([
    "<0@x.org>",
    "<1@x.org>",
  ]);
  expect(parseMessageIds("<a(b@x> < > <> <<c@x>> <d@x>", 10)).toEqual(["<a(b@x>", "<c@x>", "<d@x>"]);
  expect(parseMessageIds(`<${"x".repeat(2000)}> <a@x> <b@x> <c@x>`, 2)).toEqual(["<a@x>", "<b@x>"]);
});

test("parseMessageIds takes any text", () => {
  const pieces = fc.constantFrom("a", "<", ">", "(", ")", "\\", " ", "@", '"');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (some) => {
      for (const id of parseMessageIds(some.join(""), 5)) expect(id).toMatch(/^<[^<>\s]+>$/);
    }),
    { numRuns: 1000 },
  );
});
