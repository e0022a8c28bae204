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

test("parameters: a comment behind a value is no part of it, parentheses within it are (RFC 2045 §5.1)", () => {
  const params = (text: string) => parseContentType(`a/b;${text}`)?.params;
  expect(params("charset=us-ascii(Plain text); boundary=abc(cmt)(d) ;(e)x(f)=(g)y(h (i) ; j)")).toEqual([
    ["charset", "us-ascii"],
    ["boundary", "abc"],
    ["x", "y"],
  ]);
  expect(params("name=report(1).pdf; filename=my file (1).pdf (the last; really) ; x=y")).toEqual([
    ["name", "report(1).pdf"],
    ["filename", "my file (1).pdf"],
    ["x", "y"],
  ]);
  expect(params("name=a (b) c=d")).toEqual([
    ["name", "a"],
    ["c", "d"],
  ]);
  expect(params("x=a(b)(open; y=(z")).toEqual([
    ["x", "a(b)(open"],
    ["y", ""],
  ]);
});

test("parameters: continuations are joined in order of their numbers (RFC 2231 §3)", () => {
  const params = (text: string) => parseContentType(`a/b; ${text}`)?.params;
  expect(params('url*1="cs.utk.edu/pub"; url*0="ftp://"')).toEqual([["url", "ftp://cs.utk.edu/pub"]]);
  expect(params("t*0*=us-ascii'en'a%20; t*1*=%2A; t*2=\"b c\"")).toEqual([["t*", "us-ascii'en'a%20%2Ab%20c"]]);
  expect(params("t*0=a; t*1*=%62")).toEqual([["t*", "''a%62"]]);
  expect(params("t*0=a; t*0=x; t*1=b")).toEqual([["t", "ab"]]);
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
  expect(parseDisposition("(a) attachment(b); filename(c)=(d)x(e)")).toEqual({
    value: "attachment",
    params: [["filename", "x"]],
  });
  expect(parseLanguages("en (English), de-AT,, fr")).toEqual(["en", "de-AT", "fr"]);
});

test("parseTransferEncoding answers null for what is not one token, whatever comments are around it", () => {
  for (const value of ["8 bit", "quoted printable", "text/html", "base64, 7bit", "(base64)", "base64 x"]) {
    expect([value, parseTransferEncoding(value)]).toEqual([value, null]);
  }
  for (const value of ["(a) BASE64(b) (c)", "base64;", "base64 ; x=y"]) {
    expect([value, parseTransferEncoding(value)]).toEqual([value, "base64"]);
  }
  expect(parseTransferEncoding("x-uuencode")).toBe("x-uuencode");
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
