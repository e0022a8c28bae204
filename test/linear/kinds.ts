import { z } from "zod";
import type { MailboxList, MailboxSummary } from "../../src/actors/account/requests.ts";
import { linkAttachments } from "../../src/actors/workers/attachment-links.ts";
import { intersection, type UidRuns } from "../../src/domain/account/uid-runs.ts";
import { HeaderFieldPicker } from "../../src/domain/mime/header-fields.ts";
import { clientAddress } from "../../src/protocols/http/client-address.ts";
import { attachmentDisposition } from "../../src/protocols/http/content-disposition.ts";
import { flag, freeObject } from "../../src/protocols/http/input/fields.ts";
import { JsonDivider } from "../../src/protocols/http/input/json-divider.ts";
import { checkParams, formParams } from "../../src/protocols/http/input/params.ts";
import { readUidList } from "../../src/protocols/http/input/uid-list.ts";
import { composition, largeTexts } from "../../src/protocols/http/message/composition.ts";
import { parseHeader } from "../../src/protocols/http/message/listing-headers.ts";
import { detailsOf } from "../../src/protocols/http/message/message-view.ts";
import { imapCommands } from "../../src/protocols/imap/commands/index.ts";
import { listPatterns } from "../../src/protocols/imap/list-pattern.ts";
import { listedNames } from "../../src/protocols/imap/mailbox-tree.ts";
import { lastMatch } from "../../src/protocols/imap/open-mailbox.ts";
import { searchCriteria } from "../../src/protocols/imap/search-criteria.ts";
import { tellKeywords } from "../../src/protocols/imap/tell-news.ts";
import { ToldKeywords } from "../../src/protocols/imap/told-keywords.ts";
import { CommandReader } from "../../src/protocols/imap/wire/command-reader.ts";
import { Cursor } from "../../src/protocols/imap/wire/cursor.ts";
import { parseArgs } from "../../src/protocols/imap/wire/parse-args.ts";
import { ResponseBuffer } from "../../src/protocols/imap/wire/print/response-buffer.ts";
import { WireSyntaxError } from "../../src/protocols/imap/wire/wire-syntax-error.ts";
import { DotDecoder } from "../../src/protocols/lmtp/wire/dot-decoder.ts";
import { readPathArgument } from "../../src/protocols/lmtp/wire/path-argument.ts";
import { readCommandLine } from "../../src/protocols/pop3/wire/command-line.ts";
import { LineBuffer } from "../../src/protocols/pop3/wire/line-buffer.ts";
import { MessageEncoder } from "../../src/protocols/pop3/wire/message-encoder.ts";
import type { Kind } from "./measure.ts";

/** Every kind of input that a client, or a stranger's mail, can make larger, and what is done with it on a thread that serves others. */

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const many = (size: number, each: (at: number) => string, by = ""): string =>
  Array.from({ length: size }, (_, at) => each(at)).join(by);
/** What is asked of somebody's text: yes or no, and why not. */
const tried = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

// HTTP

const form = (name: string, each: (at: number) => string): Kind => ({
  name: `parameters: ${name}`,
  grown(size) {
    const params = new URLSearchParams(many(size, each, "&"));
    return () => tried(() => formParams(params));
  },
});

const header = (name: string, each: (at: number) => string): Kind => ({
  name: `a listed message's header: ${name}`,
  grown(size) {
    const text = bytes(`${many(size, each)}\r\n`);
    return () => parseHeader(text);
  },
});

const composed = z.object(composition);
const composing = (name: string, parts: (size: number) => object): Kind => ({
  name: `a composed message: ${name}`,
  grown(size) {
    const params = parts(size) as Record<string, unknown>;
    return () => tried(() => checkParams(composed, params));
  },
});

const listId = (name: string, value: (size: number) => string): Kind => ({
  name: `a message in full: ${name}`,
  grown(size) {
    const message = { summary: plainSummary, attachments: [] };
    const headers = [{ key: "list-id", value: value(size) }];
    return () => detailsOf({ ...message, headers } as never, { user: "u", mailbox: "m" } as never);
  },
});
const none: never[] = [];
const plainSummary = {
  from: null,
  sender: null,
  ...{ replyTo: none, to: none, cc: none, bcc: none, references: none, flags: none },
  ...{ subject: "", messageId: "", inReplyTo: "", message: "", date: null, intro: "", internalDate: 0 },
  contentType: { value: "text/plain", params: {} },
};

const text = (name: string, read: (text: string) => unknown, grow: (size: number) => string): Kind => ({
  name,
  grown(size) {
    const grown = grow(size);
    return () => tried(() => read(grown));
  },
});

const json = (name: string, octets: number, said: (size: number) => string): Kind => ({
  name: `JSON in pieces of ${octets}: ${name}`,
  grown(size) {
    const whole = bytes(said(size));
    return () =>
      tried(() => {
        const divider = new JsonDivider(largeTexts, "secret");
        for (let at = 0; at < whole.length; at += octets) divider.write(whole.subarray(at, at + octets));
        return divider.end();
      });
  },
});

const http: readonly Kind[] = [
  ...[7, 65_536].flatMap((octets) => [
    json("many values", octets, (size) => `{${many(size, (at) => `"a${at}":"b"`, ",")}}`),
    json("one text", octets, (size) => `{"text":"${"x".repeat(size)}"}`),
    json("escapes in a text", octets, (size) => `{"text":"${'\\"'.repeat(size)}"}`),
    json("many texts", octets, (size) => `{"attachments":[${many(size, () => '{"content":"x"}', ",")}]}`),
    json("quotes", octets, (size) => '"'.repeat(size)),
    json("depth", octets, (size) => `${'{"a":'.repeat(size)}1`),
  ]),
  form("of different names", (at) => `name${at}=1`),
  form("of one name", () => "name=1"),
  form("without values", (at) => `n${at}`),
  header("the same field again and again", (at) => `Received: from ${at}\r\n`),
  header("many fields", (at) => `X-${at}: 1\r\n`),
  header("a field of many lines", () => " folded\r\n"),
  header("blanks", () => "Subject:     \r\n\t"),
  composing("blanks in a header", (size) => ({ headers: [{ key: "X", value: `a${" ".repeat(size)}b` }] })),
  composing("line ends in a header", (size) => ({ headers: [{ key: "X", value: "\r\n ".repeat(size) }] })),
  composing("blanks in a subject", (size) => ({ subject: " ".repeat(size) })),
  composing("headers as an object", (size) => ({
    headers: Object.fromEntries(Array.from({ length: size }, (_, at) => [`X-${at}`, "1"])),
  })),
  composing("recipients that are none", (size) => ({ to: Array.from({ length: size }, () => ({ address: 1 })) })),
  listId("List-Id of blanks", (size) => " ".repeat(size)),
  listId("List-Id of brackets", (size) => "<".repeat(size)),
  listId("List-Id of words", (size) => `${"a <".repeat(size)}>`),
  text("a list of messages", readUidList, (size) => many(size, (at) => `${at * 2 + 1}`, ",")),
  text("a list of messages that is none", readUidList, (size) => `1${" ".repeat(size)}x`),
  text(
    "metaData as text",
    (value) => freeObject.safeParse(value),
    (size) => `{${many(size, (at) => `"a${at}":1`, ",")}}`,
  ),
  text(
    "a flag",
    (value) => flag.safeParse(value),
    (size) => " ".repeat(size),
  ),
  text(
    "X-Forwarded-For",
    (value) => clientAddress("10.0.0.1", value, () => true),
    (size) => "10.0.0.1,".repeat(size),
  ),
  text("the name of an attachment", attachmentDisposition, (size) => '"\u{1f600}\n'.repeat(size)),
  text(
    "links to attachments",
    (value) => linkAttachments(value, [], String),
    (size) => "cid:cid:<cid:x ".repeat(size),
  ),
];

// IMAP

const line = (name: string, command: string, args: (size: number) => string): Kind => ({
  name: `the text of ${command}: ${name}`,
  grown(size) {
    const { args: rules } = imapCommands.find((known) => known.name === command)!;
    const octets = bytes(args(size));
    return () =>
      tried(() => {
        const read = tried(() => parseArgs(rules, new Cursor(octets)));
        if (read instanceof Error && !(read instanceof WireSyntaxError)) throw read;
      });
  },
});

const units = [
  '"',
  "\\",
  "(",
  ")",
  "{1+}\r\n",
  "[",
  "]",
  "<1.2>",
  "1",
  ",",
  ":",
  "*",
  "%",
  "&",
  "&-",
  "é",
  " ",
  "a",
  "NOT ",
  "OR ",
];
const openings: Readonly<Record<string, readonly string[]>> = {
  FETCH: ["1 (", "1 (BODY[", "1 BODY[HEADER.FIELDS (", "1:"],
  STORE: ["1 +FLAGS (", "1 FLAGS "],
  SEARCH: ["", "UID ", "(", "CHARSET ", 'SUBJECT "', "OR "],
  LIST: ['"" ', '"" (', '(SUBSCRIBED) "" ', '"" * RETURN (', '"'],
  SELECT: ["", '"', "INBOX ("],
  STATUS: ["INBOX (", '"'],
  ID: ["(", '("'],
  APPEND: ["INBOX (", '"', "INBOX () "],
  LOGIN: ["", '"', "{"],
};

const lines: readonly Kind[] = Object.entries(openings).flatMap(([command, begins]) =>
  begins.flatMap((begin) =>
    units.flatMap((unit) => [
      line(`${begin}${JSON.stringify(unit)}…`, command, (size) => begin + unit.repeat(size)),
      line(`${begin}${JSON.stringify(`${unit} `)}…)`, command, (size) => `${begin}${`${unit} `.repeat(size)})`),
    ]),
  ),
);

const grownLines: readonly Kind[] = [
  line("numbers", "FETCH", (size) => `${many(size, (at) => `${(at * 7919) % 65_521}`, ",")} FLAGS`),
  line("header sections", "FETCH", (size) => `1 (${many(size, (at) => `BODY.PEEK[HEADER.FIELDS (X-${at})]`, " ")})`),
  line("names of headers", "FETCH", (size) => `1 BODY[HEADER.FIELDS (${many(size, (at) => `X-${at}`, " ")})]`),
  line("flags", "STORE", (size) => `1 +FLAGS (${many(size, (at) => `k${at}`, " ")})`),
  line("keys", "SEARCH", (size) => many(size, (at) => `SUBJECT a${at}`, " ")),
  line("sets", "SEARCH", (size) => many(size, (at) => `UID ${at + 1}:*`, " ")),
  line("ORs", "SEARCH", (size) => `${"OR SEEN ".repeat(size)}SEEN`),
  line("patterns", "LIST", (size) => `"" (${many(size, (at) => `a${at}*`, " ")})`),
  line("items", "STATUS", (size) => `INBOX (${many(size, () => "MESSAGES", " ")})`),
  line("known UIDs", "SELECT", (size) => `INBOX (QRESYNC (1 1 ${many(size, (at) => `${at * 2 + 1}`, ",")}))`),
];

/** A conversation that comes in pieces of so many octets. */
const pieces = (name: string, octets: number, said: (size: number) => string): Kind => ({
  name: `IMAP in pieces of ${octets}: ${name}`,
  grown(size) {
    const whole = bytes(said(size));
    return () => {
      const ready: (() => void)[] = [];
      const reader = new CommandReader(
        {
          command: () => void ready.push(() => reader.next()),
          line: () => void ready.push(() => reader.next()),
          failed: () => void ready.push(() => reader.next()),
          literal: () => void ready.push(() => reader.refuse()),
          proceed() {},
          hungry() {},
          starved() {},
        },
        { lineLength: 65_536, literals: 65_536, streamAppend: true } as never,
      );
      for (let at = 0; at < whole.length; at += octets) {
        reader.feed(whole.subarray(at, at + octets));
        while (ready.length > 0) ready.pop()!();
      }
    };
  },
});

function summary(path: string): MailboxSummary {
  return { path, specialUse: null } as unknown as MailboxSummary;
}
const listed = (paths: readonly string[], subscriptions: readonly string[] = []): MailboxList =>
  ({ mailboxes: paths.map(summary), subscriptions }) as unknown as MailboxList;

/** Beyond what limits leave. */
const larger = [1024, 2048, 4096, 8192, 16_384];

const list = (name: string, scene: (size: number) => { pattern: string; paths: readonly string[] }): Kind => ({
  name: `LIST: ${name}`,
  sizes: larger,
  grown(size) {
    const { pattern, paths } = scene(size);
    const mailboxes = listed(paths);
    return () =>
      tried(() => {
        const matches = listPatterns([pattern]);
        return listedNames(mailboxes).filter(({ path }) => matches(path));
      });
  },
});
const deep = (size: number) => `${"a".repeat(Math.max(1, Math.floor(size / 16)))}/`.repeat(16).slice(0, -1);

const evens = (size: number): UidRuns => Array.from({ length: size * 2 }, (_, at) => (at & ~1) * 2 + 2);

const imap: readonly Kind[] = [
  pieces("many commands", 65_536, (size) => "a NOOP\r\n".repeat(size)),
  pieces("one long command", 1, (size) => `a LIST "" "${"x".repeat(size)}"\r\n`),
  pieces("many literals", 64, (size) => `a SEARCH ${"SUBJECT {1+}\r\na ".repeat(size)}\r\n`),
  pieces("a command that is too long", 64, (size) => `a LIST "" "${"x".repeat(70_000 + size)}`),
  list("a long pattern and long paths", (size) => ({
    pattern: "%a*".repeat(Math.min(size, 1_024) / 4),
    paths: [deep(size * 4), `${deep(size * 4)}b`],
  })),
  list("wildcards and one long path", (size) => ({ pattern: "*a*a*a*b", paths: [deep(size * 4)] })),
  list("many mailboxes", (size) => ({ pattern: "%/%", paths: Array.from({ length: size }, (_, at) => `a${at}/b`) })),
  list("a pattern that is long", (size) => ({ pattern: "a*b%".repeat(size), paths: ["a/b/c", "abab".repeat(8)] })),
  {
    name: "QRESYNC: sequence numbers of a mailbox with gaps",
    grown(size) {
      const known = evens(size);
      const match = { sequences: [1, size], uids: known };
      return () => lastMatch({ known } as never, match);
    },
  },
  {
    name: "QRESYNC: more sequence numbers than there are messages",
    grown(size) {
      return () => lastMatch({ known: [1, size] } as never, { sequences: [1, 2 ** 30], uids: [1, 2 ** 30] });
    },
  },
  {
    name: "SEARCH: sets in a mailbox with gaps",
    sizes: larger,
    grown(size) {
      const known = evens(size);
      const view = { known, count: size, top: known.at(-1), recent: [] };
      const sets = Array.from({ length: size / 4 }, (_, at) => ({ kind: "uids", set: [at + 1, known.at(-1)!] }));
      return () => tried(() => searchCriteria({ kind: "and", of: sets } as never, view as never, 0));
    },
  },
  {
    name: "flags of one message after the other, in a mailbox with gaps",
    grown(size) {
      const known = evens(size);
      return () => {
        for (let at = 0; at < size; at++) intersection([known[at * 2]!, known[at * 2]!], known);
      };
    },
  },
  {
    name: "keywords that are told",
    sizes: [64, 128, 256, 512, 1024],
    grown(size) {
      const out = new ResponseBuffer({ write() {} });
      const keywords = Array.from({ length: size }, (_, at) => `k${at}`);
      const view = { keywords: new ToldKeywords(keywords.slice(0, size >> 1)), writable: true };
      const sets = keywords.map((keyword) => [keyword, "$Other"]);
      return () => tellKeywords({ out } as never, view as never, sets);
    },
  },
  {
    name: "header fields picked by many names",
    grown(size) {
      const names = Array.from({ length: size }, (_, at) => `X-${at}`);
      const lines = bytes(many(size, (at) => `X-${at * 3}: 1\r\n`));
      return () => new HeaderFieldPicker(names, "named").pick(lines);
    },
  },
];

// POP3 and LMTP

const mail: readonly Kind[] = [
  {
    name: "POP3 octet by octet",
    grown(size) {
      const said = bytes("x".repeat(size) + "\r\n".repeat(size));
      return () => {
        const buffer = new LineBuffer(65_536);
        for (let at = 0; at < said.length; at++) buffer.add(said.subarray(at, at + 1));
        while (buffer.next() !== null) {}
      };
    },
  },
  text(
    "a POP3 command",
    (value) => readCommandLine(Buffer.from(value)),
    (size) => `RETR ${" 1".repeat(size)}`,
  ),
  {
    name: "a message as POP3 sends it",
    grown(size) {
      const message = bytes(".\n".repeat(size));
      return () => new MessageEncoder(10).encode(message);
    },
  },
  ...['"', "\\", "<", ">", "@", " ", "a=b ", ":", ",", "."].map((unit) =>
    text(
      `RCPT of ${JSON.stringify(unit)}…`,
      (value) => readPathArgument("RCPT TO", value, "localhost"),
      (size) => `RCPT TO:<${unit.repeat(size)}@example.com> ${unit.repeat(size)}`,
    ),
  ),
  {
    name: "the dots of an LMTP message",
    grown(size) {
      const said = Buffer.from("\r\n..".repeat(size));
      return () => new DotDecoder().decode(said, () => {});
    },
  },
];

export const kinds: readonly Kind[] = [...http, ...grownLines, ...lines, ...imap, ...mail];
