import { expect, test } from "bun:test";
import fc from "fast-check";
import { binaryString, bytesOf } from "./binary-string.ts";
import { HeaderFieldPicker } from "./header-fields.ts";
import { headerSize } from "./header-size.ts";
import { parseMessage } from "./parse.ts";

const header = bytesOf("From: a\r\nReceived: x\r\n\ty\r\nTO : b\r\n\r\nSubject: in the body\r\n");
const pick = (names: string[], which: "named" | "others", bytes: Uint8Array = header) =>
  binaryString(new HeaderFieldPicker(names, which).pick(bytes));

test("pickHeaderFields keeps bytes, order and folded lines, and ends with an empty line", () => {
  expect(pick(["to", "RECEIVED"], "named")).toBe("Received: x\r\n\ty\r\nTO : b\r\n\r\n");
  expect(pick(["to", "RECEIVED"], "others")).toBe("From: a\r\n\r\n");
  expect(pick(["subject"], "named")).toBe("\r\n");
  expect(pick(["subject"], "others")).toBe("From: a\r\nReceived: x\r\n\ty\r\nTO : b\r\n\r\n");
  expect(pick([], "named")).toBe("\r\n");
});

test("pickHeaderFields matches whole names only", () => {
  const bytes = bytesOf("To: a\nTox: b\nT: c\nTo\nX-To: d\n\n");
  expect(pick(["To"], "named", bytes)).toBe("To: a\n\r\n");
  expect(pick(["To"], "others", bytes)).toBe("Tox: b\nT: c\nTo\nX-To: d\n\r\n");
});

test("pickHeaderFields ends a last line that has no end", () => {
  expect(pick(["to"], "named", bytesOf("From: a\r\nTo: b"))).toBe("To: b\r\n\r\n");
  expect(pick(["to"], "named", bytesOf("To"))).toBe("\r\n");
  expect(pick(["to"], "others", bytesOf(""))).toBe("\r\n");
});

const lines = fc.array(
  fc.constantFrom(
    "To: a",
    "to:b",
    "From: c",
    "Subject : d",
    " folded",
    "\tfolded",
    "no field",
    ":",
    "Received:",
    "\xff: x",
  ),
  { maxLength: 12 },
);

test("pickHeaderFields: named and others together are the header, line by line", () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom("\r\n", "\n"),
      fc.subarray(["To", "SUBJECT", "\xff", "received"]),
      (some, eol, names) => {
        const bytes = bytesOf(`${some.map((line) => line + eol).join("")}${eol}To: body${eol}`);
        const expected = { named: "", others: "" };
        let named = false;
        for (const [index, line] of some.entries()) {
          if (index === 0 || !/^[ \t]/.test(line)) {
            const name = /^(.+?)[ \t]*:/.exec(line)?.[1]?.toLowerCase();
            // Names are compared as ASCII.
            named = names.some((one) => one !== "\xff" && one.toLowerCase() === name);
          }
          expected[named ? "named" : "others"] += line + eol;
        }
        expect(pick(names, "named", bytes)).toBe(`${expected.named}\r\n`);
        expect(pick(names, "others", bytes)).toBe(`${expected.others}\r\n`);
      },
    ),
    { numRuns: 500 },
  );
});

test("pickHeaderFields writes one after the other into one buffer", () => {
  const out = new Uint8Array(100).fill(33);
  const picker = new HeaderFieldPicker(["From"], "named");
  const middle = picker.pickInto(header, out, 3);
  const end = picker.pickInto(header, out, middle);
  expect(binaryString(out, 0, end + 1)).toBe("!!!From: a\r\n\r\nFrom: a\r\n\r\n!");
});

test("headerSize ends where the parser's header ends", () => {
  const pieces = fc.constantFrom("a: b", "\r\n", "\n", "\r", " ", "x", "\r\n\r\n");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
      const bytes = bytesOf(some.join(""));
      expect(headerSize(bytes)).toBe(parseMessage(bytes).root.header.end);
    }),
    { numRuns: 1000 },
  );
});
