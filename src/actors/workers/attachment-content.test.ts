import { describe, expect, test } from "bun:test";
import { readContent } from "./attachment-content.ts";

/** The octets as Latin-1, and the type; or why there are none. */
function read(text: string, encoding: BufferEncoding = "base64"): string {
  const content = readContent(text, encoding);
  if ("why" in content) return content.why;
  return `${content.contentType ?? "-"} ${content.octets.toString("latin1")}`;
}

describe("readContent", () => {
  test("reads Base64 in lines or in one piece, of both alphabets, padded or not", () => {
    expect(read("aGVsbG8=")).toBe("- hello");
    expect(read("aGVsbG8")).toBe("- hello");
    expect(read("aGVs\r\nbG8=\r\n")).toBe("- hello");
    expect(read("+/+/")).toBe("- \xfb\xff\xbf");
    expect(read("-_-_")).toBe("- \xfb\xff\xbf");
    expect(read("")).toBe("- ");
    const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    expect(read(all.toString("base64"))).toBe(`- ${all.toString("latin1")}`);
  });

  test("refuses what is none", () => {
    for (const text of [
      "hello, world",
      "aGVsbG8!",
      "a",
      "aGVsb",
      "aGVs=bG8",
      "aGVsbG8==",
      "aGVsbG8=x",
      "====",
      "é",
      "=",
      "a===",
      "a=",
    ])
      expect(read(text)).toBe("is not Base64");
    for (const text of ["abc", "zz", "a b ", "0x12"]) expect(read(text, "hex")).toBe("is not hexadecimal");
    for (const encoding of ["latin1", "binary"] as const)
      expect(read("1 €", encoding)).toBe(`has characters that are not in ${encoding}`);
    expect(read("half \ud83d", "utf8")).toBe("has halves of characters, which UTF-8 does not know");
  });

  test("takes text of other encodings as it is", () => {
    expect(read("00ff41", "hex")).toBe("- \0\xffA");
    expect(read("é\0ÿ", "latin1")).toBe("- é\0ÿ");
    expect(read("data:,x", "utf8")).toBe("- data:,x");
    expect(Buffer.from(read("é€", "utf8"), "latin1").toString()).toBe("- é€");
  });

  test("takes a data URI for the data it holds (RFC 2397)", () => {
    expect(read("data:image/png;base64,aGVsbG8=")).toBe("image/png hello");
    expect(read("DATA:text/html;charset=utf-8;BASE64,aGVsbG8")).toBe("text/html hello");
    expect(read("data:image/svg+xml;base64,aGVs\nbG8%3D")).toBe("image/svg+xml hello");
    expect(read("data:,a%20b%2Bc+%e2%82%ac")).toBe(`text/plain a b+c+${Buffer.from("€").toString("latin1")}`);
    expect(read("data:;base64,")).toBe("text/plain ");
  });

  test("refuses a data URI that is none", () => {
    for (const text of [
      "data:",
      "data:image/png;base64",
      "data:image/png;base64,hello!",
      "data:image,x",
      "data:im\r\nage/png,x",
      "data:,%zz",
      "data:,é",
      `data:${"x".repeat(2000)},`,
    ])
      expect(read(text)).toBe("is not a data URI");
  });
});
