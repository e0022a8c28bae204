import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ResponseBuffer } from "../print/response-buffer.ts";
import { expectRefused, read } from "../read-rule.fixture.ts";
import { modSequence, number, number64, nzModSequence, nzNumber } from "./numbers.ts";
import { astring, atom, nstring, string } from "./strings.ts";

describe("numbers", () => {
  test("number and nz-number are of 32 bits", () => {
    expect(read(number, "0")).toBe(0);
    expect(read(number, "4294967295")).toBe(4294967295);
    expect(read(nzNumber, "007")).toBe(7);
    expectRefused(number, ["", "-1", "4294967296", "1x", "99999999999999999999999", "1 2", "٣", "1.5", "1e3"]);
    expectRefused(nzNumber, ["0", "000", "4294967296"]);
  });

  test("number64 and mod-sequences are of 63 bits, exactly", () => {
    expect(read(number64, "9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
    expect(read(modSequence, "9223372036854775807")).toBe(Number.MAX_SAFE_INTEGER);
    expect(read(modSequence, `${"0".repeat(10_000)}9`)).toBe(9);
    expectRefused(modSequence, ["9223372036854775808", "18446744073709551615", "9".repeat(10_000)]);
    expectRefused(nzModSequence, ["0", ""]);
  });
});

describe("strings", () => {
  test("atom", () => {
    for (const text of ["a", "NIL", "$Label1", "a+b/c:d;e", "!#&',-.<=>?@[^_`|}~"]) expect(read(atom, text)).toBe(text);
    expectRefused(atom, ["", '"a"', "a]", "a(", "a)", "a{", "a%", "a*", "a\\", "a\x7f", "a\0", "a\xe9", "a\rb"]);
  });

  test("astring: an atom with brackets too, quoted, literal", () => {
    expect(read(astring, "a]b")).toBe("a]b");
    expect(read(astring, '""')).toBe("");
    expect(read(astring, '"a \\"b\\" \\\\ c"')).toBe('a "b" \\ c');
    expect(read(astring, "{4}\r\na\r\nb")).toBe("a\r\nb");
    expect(read(astring, "{4+}\na\r\nb")).toBe("a\r\nb");
    expect(read(astring, '"Gr\xc3\xbc\xc3\x9fe"')).toBe("Grüße");
    expectRefused(astring, ['"a', '"a\\"', '"\\n"', '"a\r\nb"', '"a\0"', '"\xff"', "{3}\r\nab", "{3}ab", "{1}\r\n\0"]);
    expectRefused(astring, [
      "~{1}\r\na",
      "{-1}\r\n",
      "{+}\r\n",
      "{1++}\r\na",
      "{99999999999999999999}\r\n",
      "a%",
      "(a)",
    ]);
  });

  test("string and nstring are no atoms; NIL in any case", () => {
    expect(read(nstring, "nil")).toBeNull();
    expect(read(nstring, '"NIL"')).toBe("NIL");
    expect(read(string, "{0}\r\n")).toBe("");
    expectRefused(string, ["a", "NIL", ""]);
    expectRefused(nstring, ["a", "NILS", "NI"]);
  });

  test("what is printed is read again, as string, astring and nstring, before UTF8=ACCEPT and after", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({
        unit: fc.constantFrom('"', "\\", "\r", "\n", "]", "{", "}", " ", "N", "I", "L", "ü", "😀"),
        maxLength: 12,
      }),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (value, utf8) => {
        const print = (write: (out: ResponseBuffer) => void) => {
          const chunks: Uint8Array[] = [];
          const out = new ResponseBuffer({ write: (bytes) => chunks.push(bytes.slice()) });
          write(out);
          out.flush();
          return Buffer.concat(chunks);
        };
        const expected = Buffer.from(value).toString();
        fc.pre(!expected.includes("\0"));
        expect(
          read(
            string,
            print((out) => out.string(value, utf8)),
          ),
        ).toBe(expected);
        expect(
          read(
            astring,
            print((out) => out.astring(value, utf8)),
          ),
        ).toBe(expected);
        expect(
          read(
            nstring,
            print((out) => out.nstring(value, utf8)),
          ),
        ).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
