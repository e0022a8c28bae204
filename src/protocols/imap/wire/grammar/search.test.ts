import { describe, expect, test } from "bun:test";
import { expectRefused, read } from "../read-rule.fixture.ts";
import type { SearchKey } from "../types.ts";
import { UnknownCharset } from "../wire-syntax-error.ts";
import { searchRequest } from "./search.ts";
import { maxSearchDepth, maxSearchKeys } from "./search-key.ts";

const key = (text: string): SearchKey => read(searchRequest, text).key;
const seen: SearchKey = { kind: "flag", flag: "\\Seen" };
const notSeen: SearchKey = { kind: "not", of: seen };
const day = (iso: string) => Date.parse(iso) / 86_400_000;

describe("SEARCH", () => {
  test("every key of RFC 3501, RFC 5032 and RFC 7162", () => {
    const keys: Record<string, unknown> = {
      ALL: { kind: "all" },
      answered: { kind: "flag", flag: "\\Answered" },
      DELETED: { kind: "flag", flag: "\\Deleted" },
      DRAFT: { kind: "flag", flag: "\\Draft" },
      FLAGGED: { kind: "flag", flag: "\\Flagged" },
      SEEN: seen,
      UNANSWERED: { kind: "not", of: { kind: "flag", flag: "\\Answered" } },
      UNDELETED: { kind: "not", of: { kind: "flag", flag: "\\Deleted" } },
      UNDRAFT: { kind: "not", of: { kind: "flag", flag: "\\Draft" } },
      UNFLAGGED: { kind: "not", of: { kind: "flag", flag: "\\Flagged" } },
      UNSEEN: notSeen,
      RECENT: { kind: "recent" },
      OLD: { kind: "not", of: { kind: "recent" } },
      NEW: { kind: "and", of: [{ kind: "recent" }, notSeen] },
      "KEYWORD $x": { kind: "flag", flag: "$x" },
      "UNKEYWORD $x": { kind: "not", of: { kind: "flag", flag: "$x" } },
      'KEYWORD "NonJunk"': { kind: "flag", flag: "NonJunk" },
      'UNKEYWORD "$x"': { kind: "not", of: { kind: "flag", flag: "$x" } },
      "KEYWORD {2}\r\n$x": { kind: "flag", flag: "$x" },
      'LARGER "10"': { kind: "larger", size: 10 },
      'YOUNGER "3600"': { kind: "younger", seconds: 3600 },
      'UID "1:3"': { kind: "uids", set: [1, 3] },
      "FROM a": { kind: "header", field: "From", text: "a" },
      'TO "a b"': { kind: "header", field: "To", text: "a b" },
      "CC {2}\r\na)": { kind: "header", field: "Cc", text: "a)" },
      'BCC ""': { kind: "header", field: "Bcc", text: "" },
      "SUBJECT a": { kind: "header", field: "Subject", text: "a" },
      "HEADER X-Y a": { kind: "header", field: "X-Y", text: "a" },
      "BODY a": { kind: "body", text: "a" },
      "TEXT a": { kind: "text", text: "a" },
      "BEFORE 1-Feb-1994": { kind: "internalDate", is: "before", day: day("1994-02-01") },
      'ON "1-Feb-1994"': { kind: "internalDate", is: "on", day: day("1994-02-01") },
      "SINCE 1-Feb-1994": { kind: "internalDate", is: "since", day: day("1994-02-01") },
      "SENTBEFORE 1-Feb-1994": { kind: "sentDate", is: "before", day: day("1994-02-01") },
      "SENTON 1-Feb-1994": { kind: "sentDate", is: "on", day: day("1994-02-01") },
      "SENTSINCE 1-Feb-1994": { kind: "sentDate", is: "since", day: day("1994-02-01") },
      "LARGER 0": { kind: "larger", size: 0 },
      "SMALLER 5000000000": { kind: "smaller", size: 5_000_000_000 },
      "OLDER 86400": { kind: "older", seconds: 86400 },
      "YOUNGER 1": { kind: "younger", seconds: 1 },
      "UID 3:1": { kind: "uids", set: [1, 3] },
      "2,4": { kind: "sequence", set: [2, 2, 4, 4] },
      "*": { kind: "sequence", set: [0x1_0000_0000, 0x1_0000_0000] },
      "NOT SEEN": notSeen,
      "NOT (SEEN)": notSeen,
      "OR ALL SEEN": { kind: "or", of: [{ kind: "all" }, seen] },
      "OR ALL OR SEEN RECENT": { kind: "or", of: [{ kind: "all" }, seen, { kind: "recent" }] },
      "(ALL (SEEN))": { kind: "and", of: [{ kind: "all" }, seen] },
      "ALL SEEN": { kind: "and", of: [{ kind: "all" }, seen] },
      "MODSEQ 620162338": { kind: "modseq", from: 620162338 },
      'MODSEQ "/flags/\\\\Draft" all 0': { kind: "modseq", from: 0 },
    };
    for (const [text, value] of Object.entries(keys)) expect([text, key(text)] as unknown).toEqual([text, value]);
  });

  test("refuses what is none", () => {
    expectRefused(searchRequest, [
      "",
      "FOO",
      "NOT",
      "OR ALL",
      "OR ALL ",
      "()",
      "(ALL",
      "ALL)",
      "ALL  SEEN",
      "(ALL )",
      "toString",
      "__proto__",
      "constructor x",
    ]);
    expectRefused(searchRequest, [
      "KEYWORD",
      "KEYWORD \\Seen",
      'KEYWORD ""',
      'KEYWORD "a b"',
      'KEYWORD "a',
      'LARGER "1 2"',
      '"ALL"',
      "FROM",
      "FROM (a)",
      "HEADER a",
      "HEADER a:b c",
      "BEFORE 30-Feb-2020",
      "LARGER -1",
      "LARGER x",
      "OLDER 0",
      "UID",
      "UID $",
      "$",
      "0",
      "MODSEQ",
      'MODSEQ "x" 1',
      'MODSEQ "x" both 1',
      "SEEN FOO",
    ]);
  });

  test("RETURN (RFC 4731)", () => {
    expect(read(searchRequest, "ALL").returns).toBeNull();
    expect(read(searchRequest, "RETURN () ALL").returns).toEqual(["ALL"]);
    expect(read(searchRequest, "return (min MAX count min) ALL").returns).toEqual(["MIN", "MAX", "COUNT"]);
    expectRefused(searchRequest, [
      "RETURN ALL",
      "RETURN (SAVE) ALL",
      "RETURN (MIN)",
      "RETURN(MIN) ALL",
      "RETURN (MIN ) ALL",
    ]);
  });

  test("says whether MODSEQ was among the keys", () => {
    expect(read(searchRequest, "ALL").modseq).toBe(false);
    expect(read(searchRequest, "NOT (SEEN MODSEQ 5)").modseq).toBe(true);
  });

  test("strings are in the charset; UTF-8 where none is named", () => {
    expect(key("CHARSET UTF-8 SUBJECT {6}\r\nGr\xc3\xbc\xc3\x9f")).toMatchObject({ text: "Grüß" });
    expect(key('charset "iso-8859-1" SUBJECT "Gr\xfc\xdf"')).toMatchObject({ text: "Grüß" });
    expect(key("CHARSET ISO-2022-JP SUBJECT {13}\r\n\x1b$BF|\x1b(B\x1b$BK\\")).toMatchObject({ text: "日本" });
    expect(key("CHARSET ISO-2022-KR SUBJECT {8}\r\n\x1b$)C\x0eGQ\x0f")).toMatchObject({ text: "한" });
    expect(key("CHARSET UTF-7 SUBJECT caf+AOk-")).toMatchObject({ text: "café" });
    expectRefused(searchRequest, ["CHARSET ISO-2022-JP SUBJECT {4}\r\n\x1b$BF", "CHARSET EUC-KR SUBJECT {1}\r\n\xff"]);
    expect(key("CHARSET US-ASCII SUBJECT x")).toMatchObject({ text: "x" });
    expect(key('SUBJECT "Gr\xc3\xbc\xc3\x9f"')).toMatchObject({ text: "Grüß" });
    expect(read(searchRequest, "RETURN (MIN) CHARSET UTF-8 ALL").returns).toEqual(["MIN"]);
    expectRefused(searchRequest, ['SUBJECT "\xff"', "CHARSET UTF-8", "CHARSET ALL", "CHARSET UTF-8 RETURN () ALL"]);
  });

  test("an unknown charset is told from wrong syntax; none may be named after UTF8=ACCEPT (RFC 6855 §3)", () => {
    expect(() => read(searchRequest, "CHARSET KLINGON ALL")).toThrow(UnknownCharset);
    expectRefused(searchRequest, ["CHARSET UTF-8 ALL"], { utf8: true });
  });

  test("nests far, but not without end", () => {
    const deep = (levels: number, open: string, close = "") => `${open.repeat(levels)}ALL${close.repeat(levels)}`;
    expect(key(deep(maxSearchDepth, "(", ")"))).toEqual({ kind: "all" });
    expect(key(deep(maxSearchDepth, "OR SEEN "))).toMatchObject({ kind: "or" });
    expectRefused(searchRequest, [
      deep(maxSearchDepth + 1, "(", ")"),
      deep(maxSearchDepth + 1, "NOT "),
      deep(100_000, "(", ")"),
      deep(100_000, "OR "),
      `ALL${" ALL".repeat(maxSearchKeys)}`,
    ]);
  });
});
