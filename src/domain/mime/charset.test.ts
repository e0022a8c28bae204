import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf } from "./binary-string.ts";
import { charsetDecoder, decodeCharset } from "./charset.ts";

test("decodeCharset knows the charsets of mail, in any letter case", () => {
  const samples: [string, string, string][] = [
    ["UTF-8", "caf\xc3\xa9", "café"],
    ["iso-8859-1", "caf\xe9", "café"],
    ["ISO-8859-2", "\xb3\xf3d\xbc", "łódź"],
    ["KOI8-R", "\xed\xc9\xd2", "Мир"],
    ["windows-1251", "\xcc\xe8\xf0", "Мир"],
    ["iso-2022-jp", "\x1b$B%F%9%H\x1b(B", "テスト"],
    ["Shift_JIS", "\x83e\x83X\x83g", "テスト"],
    ["gb2312", "\xd6\xd0\xce\xc4", "中文"],
    ["big5", "\xa4\xa4\xa4\xe5", "中文"],
    ["euc-kr", "\xc7\xd1\xb1\xdb", "한글"],
    ["ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "한글"],
    ["utf-16le", "A\0\xe9\0", "Aé"],
    ["utf-7", "caf+AOk-", "café"],
    ["ISO-2022-KR", "\x1b$)C\x0eGQ1[\x0f abc", "한글 abc"],
    ["hz-gb-2312", "a ~~ ~{VPND~}b~\r\nc", "a ~ 中文bc"],
    ["iso-2022-cn", "\x1b$)A\x0eVPND\x0f.", "中文."],
    ["cp850", "caf\x82", "café"],
    [" us-ascii ", "plain", "plain"],
  ];
  for (const [name, bytes, text] of samples) expect([name, decodeCharset(bytesOf(bytes), name)]).toEqual([name, text]);
});

test("decodeCharset reads every escape of ISO 2022 that mail has, one straight behind another too", () => {
  const samples: [string, string, string][] = [
    ["iso-2022-jp", "\x1b$BF|K\\\x1b(B\x1b$B8l\x1b(B.", "日本語."],
    ["iso-2022-jp", "\x1b(J\\~\x1b(B\\~\x1b(I12\x1b$@F|\x1b&@\x1b$BK\\\x1b(B", "¥‾\\~ｱｲ日本"],
    ["iso-2022-jp", "a\x1b$BF|\r\nb\x1b$BK", "a日\r\nb\ufffd"],
    ["iso-2022-jp", "\x1b$BF|\x1b[m\x1b(", "日\ufffd檮\ufffd("],
    ["iso-2022-jp", "\x0e12\x0f12 \xb1", "ｱｲ12 ｱ"],
    ["iso-2022-jp-2", "\x1b$(D+1\x1b$BF|Cf\x1b$(CGQ\x1b$B&A\x1b$A;*\x1b(B", "é日中한α华"],
    ["iso-2022-jp-2", "\x1b.Acaf\x1bNi \x1b.F\x1bNa", "café α"],
    ["csISO2022KR", "\x0eGQ\r\n1[\x0e1[", "한\r\n1[글"],
    ["iso-2022-cn", "\x1b$)G\x0eDc\x1b$*H\x1bN!!\x0fx", "\ufffd\ufffdx"],
    ["cp50221", "\x1b$B-!\x1b(B", "①"],
  ];
  for (const [name, bytes, text] of samples)
    expect([bytes, decodeCharset(bytesOf(bytes), name)]).toEqual([bytes, text]);
});

test("decodeCharset reads charsets nobody knows as UTF-8, or else as windows-1252", () => {
  for (const name of ["", "x-none", "us-ascii", "unknown-8bit", "iso-2022", "../../etc", "constructor", "base64"]) {
    expect(decodeCharset(bytesOf("caf\xc3\xa9"), name)).toBe("café");
    expect(decodeCharset(bytesOf("caf\xe9 \x80"), name)).toBe("café €");
  }
});

test("charsetDecoder gives the same for any chunks", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  const names = fc.constantFrom(
    "utf-8",
    "",
    "utf-16le",
    "shift_jis",
    "utf-7",
    "gb18030",
    "iso-2022-jp",
    "iso-2022-kr",
    "hz",
  );
  fc.assert(
    fc.property(text, names, fc.integer({ min: 1, max: 7 }), (original, name, size) => {
      const bytes = name === "utf-16le" ? Buffer.from(original, "utf16le") : Buffer.from(original, "utf8");
      const decoder = charsetDecoder(name);
      let decoded = "";
      for (let at = 0; at < bytes.length; at += size) decoded += decoder.write(bytes.subarray(at, at + size));
      expect(decoded + decoder.end()).toBe(decodeCharset(bytes, name));
    }),
    { numRuns: 500 },
  );
});
