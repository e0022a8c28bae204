import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attachmentDisposition, safeMediaType } from "./content-disposition.ts";

describe("attachmentDisposition", () => {
  test.each([
    [null, "attachment"],
    ["", "attachment"],
    ["report.pdf", 'attachment; filename="report.pdf"'],
    ["na\u00efve \u2603.txt", "attachment; filename=\"na_ve _.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%98%83.txt"],
    ['a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"],
    ["../../etc/passwd", "attachment; filename=\".._.._etc_passwd\"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd"],
    ["x\r\nSet-Cookie: a=b", 'attachment; filename="x  Set-Cookie: a=b"'],
  ])("%j", (name, expected) => {
    expect(attachmentDisposition(name)).toBe(expected);
  });

  test("is one header value whatever the name, and exact where it says so", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (name) => {
        const value = attachmentDisposition(name);
        expect(value).toMatch(/^[\x20-\x7e]+$/);
        expect(new Headers({ "content-disposition": value }).get("content-disposition")).toBe(value.trim());
        const exact = /filename\*=UTF-8''(.*)$/.exec(value);
        if (exact) expect(decodeURIComponent(exact[1]!)).toBe(name.replace(/\p{Cc}/gu, " ").trim());
      }),
    );
  });

  test("survives a name cut in the middle of a character", () => {
    expect(() => attachmentDisposition(`${"x".repeat(254)}\u{1f600}`)).not.toThrow();
    expect(() => attachmentDisposition("\ud800")).not.toThrow();
  });
});

test.each([
  ["text/html", "text/html"],
  ["Application/PDF", "application/pdf"],
  ["text/html\r\nX: y", "application/octet-stream"],
  ["text", "application/octet-stream"],
  ["text/html; charset=utf-8", "application/octet-stream"],
  ["", "application/octet-stream"],
])("safeMediaType(%j) is %s", (given, expected) => {
  expect(safeMediaType(given)).toBe(expected);
});
