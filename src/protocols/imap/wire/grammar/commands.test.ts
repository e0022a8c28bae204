import { describe, expect, test } from "bun:test";
import { Cursor, plainContext } from "../cursor.ts";
import { optional, parseArgs } from "../parse-args.ts";
import { expectRefused, read } from "../read-rule.fixture.ts";
import { sequenceSet } from "../sequence-set.ts";
import { appendOpening, appendRequest } from "./append.ts";
import { authenticateRequest, authenticationLine } from "./authenticate.ts";
import { capabilities } from "./capabilities.ts";
import { createRequest } from "./create.ts";
import { idRequest } from "./id.ts";
import { listRequest } from "./list.ts";
import { mailbox } from "./mailbox.ts";
import { quotaLimits } from "./quota.ts";
import { selectRequest } from "./select.ts";
import { statusItems } from "./status.ts";
import { astring } from "./strings.ts";

const cursor = (text: string) => new Cursor(Buffer.from(text, "latin1"));

describe("parseArgs", () => {
  test("reads rules in order, a space between them, and then the end", () => {
    const rules = { messages: sequenceSet, to: mailbox };
    const { messages, to } = parseArgs(rules, cursor("1:2 inbox"));
    expect([[...messages], to] as unknown).toEqual([[1, 2], "INBOX"]);
    for (const text of ["1:2", "1:2  inbox", "1:2 inbox x", " 1:2 inbox", "1:2inbox"])
      expect(() => parseArgs(rules, cursor(text))).toThrow();
    expect(() => parseArgs({}, cursor("x"))).toThrow();
    expect(parseArgs({}, cursor(""))).toEqual({});
  });

  test("arguments may be optional at the end; spaces before the end do no harm", () => {
    const rules = { one: astring, other: optional(astring) };
    expect(parseArgs(rules, cursor("a b  "))).toEqual({ one: "a", other: "b" });
    expect(parseArgs(rules, cursor("a "))).toEqual({ one: "a" } as never);
    expect(parseArgs({ only: optional(astring) }, cursor(""))).toEqual({} as never);
    expect(() => parseArgs(rules, cursor("a b c"))).toThrow();
  });

  test("is typed by its rules", () => {
    const { one, other } = parseArgs({ one: sequenceSet, other: optional(astring) }, cursor("1"));
    const first: number | undefined = one[0];
    // @ts-expect-error an optional argument may be missing
    const second: string = other;
    expect([first, second] as unknown).toEqual([1, undefined]);
  });
});

describe("APPEND", () => {
  const opening = (text: string) => parseArgs({ opening: appendOpening }, cursor(text)).opening;

  test("flags, date and UTF8 before the message", () => {
    expect(appendOpening(cursor("inbox "))).toEqual({ mailbox: "INBOX", flags: [], utf8: false });
    expect(appendOpening(cursor('{1}\r\nx (\\seen a) "01-Jan-1970 00:00:01 +0000" UTF8 ('))).toEqual({
      mailbox: "x",
      flags: ["\\Seen", "a"],
      internalDate: 1000,
      utf8: true,
    });
    for (const text of [
      "INBOX",
      "INBOX (\\Recent) ",
      'INBOX "x" ',
      "INBOX x ",
      "INBOX () (",
      "INBOX UTF8 ",
      "INBOX UTF8",
    ])
      expect(() => opening(text)).toThrow();
  });

  test("the whole, its message streamed or not", () => {
    const streamed = { size: 3, synchronising: true, binary: false, streamed: true };
    const args = Buffer.from("{5}\r\nINBOX {3}\r\n");
    const collected = { size: 5, synchronising: true, binary: false, streamed: false };
    expect(appendRequest(new Cursor(args, plainContext, [collected, streamed]))).toEqual({
      mailbox: "INBOX",
      flags: [],
      utf8: false,
      message: streamed,
    });
    expect(read(appendRequest, "INBOX UTF8 (~{3+}\r\na\0b)")).toMatchObject({
      utf8: true,
      message: { size: 3, binary: true },
    });
    expect(read(appendRequest, "INBOX ~{1}\r\n\0")).toMatchObject({ utf8: false, message: { binary: true } });
    expectRefused(appendRequest, [
      "INBOX",
      "INBOX {3}\r\nab",
      "INBOX UTF8 ({1}\r\na)",
      "INBOX UTF8 (~{1}\r\na",
      "INBOX {1}\r\na)",
      "INBOX {1}\r\na {1}\r\na",
      'INBOX "a"',
    ]);
  });
});

describe("SELECT", () => {
  test("with CONDSTORE and QRESYNC (RFC 7162 §7)", () => {
    expect(read(selectRequest, "inbox")).toEqual({ mailbox: { path: "INBOX" }, condstore: false });
    expect(read(selectRequest, "x (condstore)")).toEqual({ mailbox: { path: "x" }, condstore: true });
    expect(read(selectRequest, "x (QRESYNC (67890007 715194045007))")).toEqual({
      mailbox: { path: "x" },
      condstore: false,
      qresync: { uidValidity: 67890007, modSeq: 715194045007 },
    });
    expect(read(selectRequest, "x (QRESYNC (1 2 41,43:211 (1,3:4 5,7:8)) CONDSTORE)")).toEqual({
      mailbox: { path: "x" },
      condstore: true,
      qresync: {
        uidValidity: 1,
        modSeq: 2,
        known: [41, 41, 43, 211],
        match: { sequences: [1, 1, 3, 4], uids: [5, 5, 7, 8] },
      },
    });
    expect(read(selectRequest, "x (QRESYNC (1 2 (1 5)))").qresync).toMatchObject({ match: { sequences: [1, 1] } });
  });

  test("refuses all else", () => {
    expectRefused(selectRequest, [
      "",
      "x ()",
      "x (FOO)",
      "x CONDSTORE",
      "x (CONDSTORE",
      "x(CONDSTORE)",
      "x (QRESYNC)",
      "x (QRESYNC (1))",
      "x (QRESYNC (0 1))",
      "x (QRESYNC (1 0))",
      "x (QRESYNC (1 2 *))",
      "x (QRESYNC (1 2 1:*))",
    ]);
    expectRefused(selectRequest, [
      "x (QRESYNC (1 2 1:5 (1:2 1)))",
      "x (QRESYNC (1 2 1:5 (1)))",
      "x (QRESYNC (1 2 1:5 1:5))",
      "x (QRESYNC (1 2 ))",
      "x (QRESYNC (1 2) )",
    ]);
  });
});

describe("LIST", () => {
  const none = { subscribed: false, children: false, specialUse: false };

  test("as in RFC 3501", () => {
    expect(read(listRequest, '"" %')).toEqual({
      extended: false,
      selection: [],
      reference: "",
      patterns: ["%"],
      returns: none,
    });
    expect(read(listRequest, "~/Mail/ Entw&APw-*")).toMatchObject({ reference: "~/Mail/", patterns: ["Entwü*"] });
    expect(read(listRequest, '"" RETURN')).toMatchObject({ extended: false, patterns: ["RETURN"] });
  });

  test("as in RFC 5258, 5819 and 6154", () => {
    expect(read(listRequest, '(SUBSCRIBED recursivematch) "" ("INBOX" Drafts%)')).toEqual({
      extended: true,
      selection: ["SUBSCRIBED", "RECURSIVEMATCH"],
      reference: "",
      patterns: ["INBOX", "Drafts%"],
      returns: none,
    });
    expect(read(listRequest, '() "" %')).toMatchObject({ extended: true, selection: [] });
    expect(read(listRequest, '(SPECIAL-USE REMOTE) "" *')).toMatchObject({ selection: ["SPECIAL-USE", "REMOTE"] });
    expect(read(listRequest, '"" % RETURN ()')).toMatchObject({ extended: true, returns: none });
    expect(read(listRequest, '"" % return (CHILDREN STATUS (MESSAGES unseen) SUBSCRIBED SPECIAL-USE)').returns).toEqual(
      {
        subscribed: true,
        children: true,
        specialUse: true,
        status: ["MESSAGES", "UNSEEN"],
      },
    );
  });

  test("refuses all else", () => {
    expectRefused(listRequest, [
      "",
      '""',
      '"" % x',
      '"" ()',
      '"" %  RETURN ()',
      '"" % RETURN',
      '"" % RETURN (FOO)',
      '"" % RETURN (STATUS ())',
      '"" % RETURN (STATUS)',
      '"" % RETURN (CHILDREN',
      '(FOO) "" %',
      '(SUBSCRIBED)"" %',
      '(RECURSIVEMATCH) "" %',
      '(RECURSIVEMATCH REMOTE) "" %',
    ]);
  });
});

test("STATUS items, each once", () => {
  expect(read(statusItems, "(messages UIDNEXT RECENT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE DELETED messages)")).toEqual(
    ["MESSAGES", "UIDNEXT", "RECENT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE", "DELETED"],
  );
  expectRefused(statusItems, ["()", "MESSAGES", "(FOO)", "(MESSAGES", "(MESSAGES )", "( MESSAGES)"]);
});

test("CREATE with USE (RFC 6154)", () => {
  expect(read(createRequest, "Entw&APw-rfe")).toEqual({ mailbox: "Entwürfe", uses: [] });
  expect(read(createRequest, "x (USE (\\sent \\Drafts \\Foo))")).toEqual({
    mailbox: "x",
    uses: ["\\Sent", "\\Drafts", "\\Foo"],
  });
  expectRefused(createRequest, [
    "",
    "x ()",
    "x (USE)",
    "x (USE ())x",
    "x (USE (Sent))",
    "x (FOO (\\Sent))",
    "x (USE (\\Sent)",
    "x y",
  ]);
});

test("AUTHENTICATE, with an initial response (RFC 4959) and without", () => {
  expect(read(authenticateRequest, "plain")).toEqual({ mechanism: "PLAIN", initial: null });
  expect(read(authenticateRequest, "PLAIN AGpvZQB4").initial).toEqual(new Uint8Array(Buffer.from("\0joe\0x")));
  expect(read(authenticateRequest, "XOAUTH2 =").initial).toEqual(new Uint8Array(0));
  expectRefused(authenticateRequest, [
    "",
    "PLAIN AGp",
    "PLAIN AG=vZQB4",
    "PLAIN AGpvZQB4 x",
    "PLAIN  AGpvZQB4",
    "PLAIN AGpv-_B4",
    "PLAIN ====",
  ]);
});

test("lines of a SASL exchange", () => {
  const line = (text: string) => authenticationLine(Buffer.from(text, "latin1"));
  expect(line("*")).toBe("cancel");
  expect(line("")).toEqual(new Uint8Array(0));
  expect(line("AGpv")).toEqual(new Uint8Array([0, 0x6a, 0x6f]));
  for (const text of ["A", "AGp=v", "=", "a b=", "\xff\xff\xff\xff"]) expect(line(text)).toBeNull();
});

test("ID (RFC 2971)", () => {
  expect(read(idRequest, "nil")).toBeNull();
  expect(read(idRequest, "()")).toEqual([]);
  expect(read(idRequest, '("name" "Mutt" "os" NIL)')).toEqual([
    ["name", "Mutt"],
    ["os", null],
  ]);
  expectRefused(idRequest, [
    "",
    '("name")',
    '("name" Mutt)',
    '(NIL "x")',
    '("a" "b""c" "d")',
    `(${'"a" "b" '.repeat(31).trim()})`,
  ]);
});

test("ENABLE and SETQUOTA", () => {
  expect(read(capabilities, "condstore QRESYNC utf8=accept")).toEqual(["CONDSTORE", "QRESYNC", "UTF8=ACCEPT"]);
  expectRefused(capabilities, ["", "a  b", '"a"']);
  expect(read(quotaLimits, "(storage 512 MESSAGE 0)")).toEqual([
    { resource: "STORAGE", limit: 512 },
    { resource: "MESSAGE", limit: 0 },
  ]);
  expect(read(quotaLimits, "()")).toEqual([]);
  expectRefused(quotaLimits, ["", "STORAGE 512", "(STORAGE)", "(STORAGE x)", "(STORAGE 9223372036854775808)"]);
});
