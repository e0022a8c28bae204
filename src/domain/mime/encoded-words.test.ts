import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseContentType } from "./content-type.ts";
import { decodeParameter, parameterOctets } from "./decode-parameter.ts";
import { decodeHeaderText } from "./encoded-words.ts";

test("decodeHeaderText decodes the examples of RFC 2047 §8", () => {
  const examples: [string, string][] = [
    ["=?ISO-8859-1?Q?a?=", "a"],
    ["=?ISO-8859-1?Q?a?= b", "a b"],
    ["=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"],
    ["=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"],
    ["=?ISO-8859-1?Q?a_b?=", "a b"],
    ["=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"],
    ["=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"],
    ["=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"],
    [
      "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
      "If you can read this you understand the example.",
    ],
  ];
  for (const [raw, text] of examples) expect(decodeHeaderText(raw)).toBe(text);
});

test("decodeHeaderText puts a character together that two words divide", () => {
  expect(decodeHeaderText("=?utf-8?q?caf=C3?= =?UTF-8?q?=A9!?=")).toBe("café!");
  expect(decodeHeaderText("=?utf-8?b?w6k=?= =?utf-8?b?w6k=?=")).toBe("éé");
});

test("decodeHeaderText decodes words of stateful charsets apart, and joins a character that is cut (RFC 2047 §3)", () => {
  const words = (charset: string, ...texts: string[]) =>
    decodeHeaderText(
      texts.map((text) => `=?${charset}?B?${Buffer.from(text, "latin1").toString("base64")}?=`).join(" "),
    );
  expect(words("iso-2022-jp", "\x1b$BF|K\\\x1b(B", "\x1b$B8l\x1b(B")).toBe("日本語");
  expect(words("ISO-2022-JP", "\x1b$BF|K", "\\\x1b(B", "ok")).toBe("日本ok");
  expect(words("iso-2022-jp", "\x1b$BF|K\\", "abc")).toBe("日本abc");
  expect(words("iso-2022-kr", "\x1b$)C\x0eGQ", "\x1b$)C\x0e1[\x0f!", "a")).toBe("한글!a");
  expect(words("hz-gb-2312", "~{VP~}", "~{ND", "a")).toBe("中文a");
  expect(words("utf-7", "caf+AOk", "abc-")).toBe("caféabc-");
  expect(words("shift_jis", "\x83e\x83", "X\x83g")).toBe("テスト");
  expect(words("iso-2022-jp", "\x1b$BF")).toBe("\ufffd");
});

test("decodeHeaderText leaves what is no encoded word, reads raw 8-bit text, and ignores a language", () => {
  expect(decodeHeaderText("=?utf-8?x?a?= =?=?= =??q?a?=")).toBe("=?utf-8?x?a?= =?=?= =??q?a?=");
  expect(decodeHeaderText("caf\xc3\xa9 =?utf-8?q?=C3=A9?=")).toBe("café é");
  expect(decodeHeaderText("caf\xe9")).toBe("café");
  expect(decodeHeaderText("=?utf-8*fr?q?caf=C3=A9?=")).toBe("café");
  expect(decodeHeaderText("(=?utf-8?q?a?=)")).toBe("(a)");
});

test("decodeHeaderText takes any text", () => {
  const pieces = fc.constantFrom("=?", "utf-8", "?q?", "?B?", "=C3", "?=", " ", "a", "\xff", "=?x?q?");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (some) => {
      expect(typeof decodeHeaderText(some.join(""))).toBe("string");
    }),
  );
});

test("decodeParameter decodes RFC 2231 values, continued ones, and encoded words in quotes", () => {
  const params = (text: string) => parseContentType(`a/b;${text}`)!.params;
  expect(decodeParameter(params("name*=utf-8'de'na%C3%AFve.txt"), "name")).toBe("naïve.txt");
  expect(decodeParameter(params("name*0*=iso-8859-1''na; name*1*=%EFve; name*2=\" %41\""), "name")).toBe("naïve %41");
  expect(decodeParameter(params("name=old; name*=utf-8''new"), "name")).toBe("new");
  expect(decodeParameter(params('name="=?utf-8?q?na=C3=AFve?="'), "name")).toBe("naïve");
  expect(decodeParameter(params("name*0=a; name*1=b; name*10=d; name*2=c"), "name")).toBe("abcd");
  expect(decodeParameter(params("name*=broken%zz%"), "name")).toBe("broken%zz%");
  expect(decodeParameter(params("x=y"), "name")).toBeNull();
  expect(decodeParameter([["name", "caf\xc3\xa9"]], "name")).toBe("café");
  expect(parameterOctets(params("name=old; name*0*=utf-8''%C3%A9; name*1=b"), "name")).toBe("\xc3\xa9b");
  expect(parameterOctets(params("name==?utf-8?q?a?="), "name")).toBe("=?utf-8?q?a?=");
  expect(parameterOctets(params("x=y"), "name")).toBeNull();
});
