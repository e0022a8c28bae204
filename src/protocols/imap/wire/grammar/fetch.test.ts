import { describe, expect, test } from "bun:test";
import { expectRefused, read } from "../read-rule.fixture.ts";
import type { SectionItem } from "../types.ts";
import { BeyondLimit } from "../wire-syntax-error.ts";
import { fetchRequest, mostFetchItems } from "./fetch.ts";
import { storeUpdate } from "./store.ts";

const kinds = (text: string) => read(fetchRequest, text).items.map((item) => item.kind);
const section = (text: string) => read(fetchRequest, text).items[0] as SectionItem;

describe("FETCH", () => {
  test("has many items, but not without end", () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, at) => `BODY[HEADER.FIELDS (X-${at})]`).join(" ");
    expect(kinds(`(${fields(mostFetchItems)})`)).toHaveLength(mostFetchItems);
    expect(() => kinds(`(${fields(mostFetchItems + 1)})`)).toThrow(BeyondLimit);
  });

  test("macros stand alone", () => {
    expect(kinds("fast")).toEqual(["flags", "internaldate", "size"]);
    expect(kinds("ALL")).toEqual(["flags", "internaldate", "size", "envelope"]);
    expect(kinds("Full")).toEqual(["flags", "internaldate", "size", "envelope", "body"]);
    expectRefused(fetchRequest, [
      "(ALL)",
      "(FLAGS FULL)",
      "ALL FLAGS",
      "FULL[]",
      "()",
      "",
      "FLAGS UID",
      "(FLAGS  UID)",
      "(FLAGS",
      "FLAGS)",
    ]);
  });

  test("every simple item", () => {
    expect(kinds("(UID FLAGS MODSEQ RFC822.SIZE INTERNALDATE ENVELOPE BODY BODYSTRUCTURE)")).toEqual([
      "uid",
      "flags",
      "modseq",
      "size",
      "internaldate",
      "envelope",
      "body",
      "bodystructure",
    ]);
    expectRefused(fetchRequest, [
      "FLAG",
      "RFC822.",
      "BODY.PEEK",
      "FLAGS[]",
      "RFC822[]",
      "BODYSTRUCTURE[1]",
      "X-GM-MSGID",
    ]);
  });

  test("RFC822 and its kin answer by their own names", () => {
    expect(section("RFC822")).toMatchObject({ part: [], text: "all", peek: false, label: "RFC822" });
    expect(section("rfc822.header")).toMatchObject({ text: "header", peek: true, label: "RFC822.HEADER" });
    expect(section("RFC822.TEXT")).toMatchObject({ text: "text", peek: false, label: "RFC822.TEXT" });
  });

  test("sections", () => {
    const labels = {
      "BODY[]": { part: [], text: "all", peek: false, label: "BODY[]" },
      "body.peek[text]": { part: [], text: "text", peek: true, label: "BODY[TEXT]" },
      "BODY[1]": { part: [1], text: "all", label: "BODY[1]" },
      "BODY[4.1.MIME]": { part: [4, 1], text: "mime", label: "BODY[4.1.MIME]" },
      "BODY[2.header]<0.100>": {
        part: [2],
        text: "header",
        partial: { offset: 0, length: 100 },
        label: "BODY[2.HEADER]<0>",
      },
      "BODY.PEEK[HEADER.FIELDS (From to)]": {
        text: "fields",
        fields: ["From", "to"],
        label: "BODY[HEADER.FIELDS (From to)]",
      },
      'BODY[3.HEADER.FIELDS.NOT ("X-A" {4}\r\nX(B))]': {
        part: [3],
        text: "fields-not",
        fields: ["X-A", "X(B)"],
        label: 'BODY[3.HEADER.FIELDS.NOT (X-A "X(B)")]',
      },
    };
    for (const [text, item] of Object.entries(labels)) expect(section(text)).toMatchObject(item as object);
    expectRefused(fetchRequest, [
      "BODY[",
      "BODY[1.]",
      "BODY[0]",
      "BODY[MIME]",
      "BODY[1..2]",
      "BODY[.1]",
      "BODY[1.FOO]",
      "BODY[TEXT.1]",
      "BODY[ ]",
    ]);
    expectRefused(fetchRequest, [
      "BODY[HEADER.FIELDS]",
      "BODY[HEADER.FIELDS ()]",
      "BODY[HEADER.FIELDS (a:b)]",
      'BODY[HEADER.FIELDS ("")]',
      "BODY[HEADER.FIELDS(a)]",
      'BODY[HEADER.FIELDS ("a b")]',
      "BODY[HEADER.FIELDS ({3}\r\na\r\n)]",
    ]);
    expectRefused(fetchRequest, [
      "BODY[]<0>",
      "BODY[]<0.0>",
      "BODY[]<.5>",
      "BODY[]<1.5",
      "BODY[]<4294967296.1>",
      "BODY[4294967296]",
    ]);
  });

  test("an item asked for twice is one; reading and peeking at once is reading", () => {
    expect(kinds("(UID UID FLAGS UID)")).toEqual(["uid", "flags"]);
    expect(read(fetchRequest, "(BODY.PEEK[] BODY[])").items).toMatchObject([{ label: "BODY[]", peek: false }]);
    expect(read(fetchRequest, "(BODY[] BODY.PEEK[])").items).toMatchObject([{ label: "BODY[]", peek: false }]);
    expect(read(fetchRequest, "(BODY[]<0.5> BODY[]<0.6>)").items.length).toBe(2);
  });

  test("modifiers (RFC 7162)", () => {
    expect(read(fetchRequest, "(UID FLAGS) (CHANGEDSINCE 12345)")).toMatchObject({
      changedSince: 12345,
      vanished: false,
    });
    expect(read(fetchRequest, "FLAGS (VANISHED CHANGEDSINCE 1)")).toMatchObject({ changedSince: 1, vanished: true });
    expect(read(fetchRequest, "FAST (changedsince 0 vanished)")).toMatchObject({ changedSince: 0, vanished: true });
    expectRefused(fetchRequest, [
      "FLAGS ()",
      "FLAGS (VANISHED)",
      "FLAGS (CHANGEDSINCE)",
      "FLAGS (CHANGEDSINCE x)",
      "FLAGS (CHANGEDSINCE 9223372036854775808)",
      "FLAGS (CHANGEDSINCE 1",
      "FLAGS CHANGEDSINCE 1",
      "FLAGS(CHANGEDSINCE 1)",
    ]);
  });
});

describe("STORE", () => {
  test("what to do with which flags", () => {
    expect(read(storeUpdate, "FLAGS (\\Seen)")).toEqual({ change: "replace", flags: ["\\Seen"], echo: "flags" });
    expect(read(storeUpdate, "+flags.silent \\DELETED $x $x")).toEqual({
      change: "add",
      flags: ["\\Deleted", "$x"],
      echo: "silent",
    });
    expect(read(storeUpdate, "-FLAGS ()")).toEqual({ change: "remove", flags: [], echo: "flags" });
    expect(read(storeUpdate, "(UNCHANGEDSINCE 0) FLAGS.SILENT (a b)")).toEqual({
      change: "replace",
      flags: ["a", "b"],
      echo: "silent",
      unchangedSince: 0,
    });
  });

  test("refuses \\Recent, flags that are none, and other shapes", () => {
    expectRefused(storeUpdate, [
      "+FLAGS (\\Recent)",
      "+FLAGS (\\Foo)",
      "+FLAGS \\*",
      "+FLAGS (a",
      "+FLAGS a)",
      "+FLAGS (a(b))",
      '+FLAGS ("a")',
      "FLAGS",
      "FLAGS ",
      "FLAGS.LOUD a",
      "+ FLAGS a",
      "FLAGSa",
      "+FLAGS (\\)",
      "+FLAGS (a]b)",
    ]);
    expectRefused(storeUpdate, [
      "(UNCHANGEDSINCE) FLAGS a",
      "(UNCHANGEDSINCE 1)FLAGS a",
      "() FLAGS a",
      "(CHANGEDSINCE 1) FLAGS a",
    ]);
  });
});
