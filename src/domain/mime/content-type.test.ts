import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseContentType, parseDisposition, parseLanguages, parseTransferEncoding } from "./content-type.ts";

test("parseContentType reads type, subtype and parameters, comments and quotes left out", () => {
  expect(parseContentType('Text (c) / HTML (d); Charset = (e) "a\\"b" (f); x=y')).toEqual({
    type: "text",
    subtype: "html",
    params: [
      ["charset", 'a"b'],
      ["x", "y"],
    ],
  });
});

test("parseContentType answers null where there is no type and subtype", () => {
  for (const value of ["", "text", "text/", "/plain", "=?utf-8?q?x?=", ";", "text plain"]) {
    expect([value, parseContentType(value)]).toEqual([value, null]);
  }
});

test("parameters: a missing semicolon, stray words and open quotes hide none", () => {
  const params = (text: string) => parseContentType(`a/b${text}`)?.params;
  expect(params(" charset=utf-8")).toEqual([["charset", "utf-8"]]);
  expect(params("; stray; x=1;;; y=2 ;")).toEqual([
    ["x", "1"],
    ["y", "2"],
  ]);
  expect(params('; name=my own file.pdf; x="open')).toEqual([
    ["name", "my own file.pdf"],
    ["x", "open"],
  ]);
  expect(params("; name=a b=c")).toEqual([
    ["name", "a"],
    ["b", "c"],
  ]);
  expect(params("; x=1; X=2")).toEqual([["x", "1"]]);
});

test("parameters: continuations are joined in order of their numbers (RFC 2231 §3)", () => {
  const params = (text: string) => parseContentType(`a/b; ${text}`)?.params;
  expect(params('url*1="cs.utk.edu/pub"; url*0="ftp://"')).toEqual([["url", "ftp://cs.utk.edu/pub"]]);
  expect(params("t*0*=us-ascii'en'a%20; t*1*=%2A; t*2=\"b c\"")).toEqual([["t*", "us-ascii'en'a%20%2Ab%20c"]]);
  expect(params("t*0=a; t*1*=%62")).toEqual([["t*", "''a%62"]]);
  expect(params("t=plain; t*0=a; t*1=b")).toEqual([
    ["t", "plain"],
    ["t", "ab"],
  ]);
});

test("other fields: disposition, transfer encoding and languages", () => {
  expect(parseDisposition('ATTACHMENT; FileName="x"')).toEqual({ value: "attachment", params: [["filename", "x"]] });
  expect(parseDisposition("")).toBeNull();
  expect([parseTransferEncoding(" BASE64 (c)"), parseTransferEncoding('"base64"'), parseTransferEncoding("")]).toEqual([
    "base64",
    "base64",
    null,
  ]);
  expect(parseLanguages("en (English), de-AT,, fr")).toEqual(["en", "de-AT", "fr"]);
});

test("fields with any text are read to their end", () => {
  const pieces = fc.constantFrom("a", "/", ";", "=", '"', "(", ")", "\\", " ", "*0", "*", "name", ",", "'");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (some) => {
      const text = some.join("");
      for (const params of [parseContentType(`a/b;${text}`)?.params, parseDisposition(`a;${text}`)?.params]) {
        for (const [name, value] of params ?? []) expect([name === "", typeof value]).toEqual([false, "string"]);
      }
      expect(parseLanguages(text).includes("")).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
