import { expect, test } from "bun:test";
import fc from "fast-check";
import { hasUid } from "../account/uid-runs.ts";
import { bytesOf } from "../mime/binary-string.ts";
import { eachField } from "../mime/each-field.ts";
import { decodeHeaderText } from "../mime/encoded-words.ts";
import { parseDate } from "../mime/message-date.ts";
import { parseMessage } from "../mime/parse.ts";
import { decodeText, textPieces } from "../mime/text.ts";
import { compile, matchMessage } from "./compile.ts";
import type { SearchCriteria } from "./criteria.ts";
import type { ColumnRow } from "./evaluate.ts";

const day = 86_400;

function row(over: Partial<ColumnRow> & { flags?: readonly string[] } = {}): ColumnRow {
  const { flags = [], ...rest } = over;
  return { uid: 1, modseq: 1, size: 100, date: 10 * day, hasFlag: (flag) => flags.includes(flag), ...rest };
}

function matches(criteria: SearchCriteria, message: string | Uint8Array, of: ColumnRow = row()): boolean {
  const bytes = typeof message === "string" ? bytesOf(message) : message;
  return matchMessage(compile(criteria), of, { bytes, anatomy: parseMessage(bytes) });
}

const text = (needle: string): SearchCriteria => ({ kind: "text", text: needle });
const body = (needle: string): SearchCriteria => ({ kind: "body", text: needle });
const not = (of: SearchCriteria): SearchCriteria => ({ kind: "not", of });
const message = "Subject: apple\n\nbanana\n";

test("search: TEXT is header or body, BODY is the body alone", () => {
  expect([matches(text("APPLE"), message), matches(text("Banana"), message), matches(text("cherry"), message)]).toEqual(
    [true, true, false],
  );
  expect([matches(body("apple"), message), matches(body("banana"), message)]).toEqual([false, true]);
});

test("search: NOT and OR around TEXT and BODY", () => {
  expect(matches(not(text("cherry")), message)).toBe(true);
  expect(matches(not(text("banana")), message)).toBe(false);
  expect(matches(not(body("apple")), message)).toBe(true);
  expect(matches({ kind: "or", of: [body("cherry"), text("apple")] }, message)).toBe(true);
  expect(matches({ kind: "or", of: [not(text("apple")), not(body("banana"))] }, message)).toBe(false);
  expect(matches({ kind: "and", of: [not(body("cherry")), not(not(text("banana")))] }, message)).toBe(true);
});

test("search asks for the body only where columns and header leave it open", () => {
  const search = compile({ kind: "and", of: [body("x"), { kind: "flag", flag: "\\Seen" }] });
  expect(search.needs).toBe("body");
  expect(search.matchColumns(row())).toBe(false);
  expect(search.matchColumns(row({ flags: ["\\Seen"] }))).toBeNull();
  expect(search.matchHeader(row({ flags: ["\\Seen"] }), bytesOf("Subject: x"))).toBeNull();
  expect(compile(text("x")).matchHeader(row(), bytesOf("Subject: x\n\n"))).toBe(true);
  expect(compile(not(text("x"))).matchHeader(row(), bytesOf("Subject: x\n\n"))).toBe(false);
  expect(compile({ kind: "or", of: [text("x"), { kind: "all" }] }).matchColumns(row())).toBe(true);
  expect(compile({ kind: "header", field: "To", text: "" }).needs).toBe("header");
  expect(compile({ kind: "and", of: [] }).needs).toBe("columns");
});

test("search: dates of arrival by day and by moment, and of the Date field as written", () => {
  const at = row({ date: 10 * day + 86_399 });
  const arrived = (is: "before" | "on" | "since", of: number) => matches({ kind: "internalDate", is, day: of }, "", at);
  expect([
    arrived("before", 10),
    arrived("before", 11),
    arrived("on", 10),
    arrived("since", 10),
    arrived("since", 11),
  ]).toEqual([false, true, true, true, false]);
  const moment = (is: "before" | "since", of: number) => matches({ kind: "arrived", is, at: of * 1000 }, "", at);
  expect([moment("before", at.date), moment("since", at.date), moment("before", at.date + 1)]).toEqual([
    false,
    true,
    true,
  ]);
  const sent = (is: "before" | "on" | "since", of: number, date: string) =>
    matches({ kind: "sentDate", is, day: of }, `Date: ${date}\n\n`);
  const written = "Thu, 8 Jan 1970 23:59:59 -1100";
  expect([
    sent("on", 7, written),
    sent("on", 8, written),
    sent("since", 8, written),
    sent("before", 8, written),
  ]).toEqual([true, false, false, true]);
  expect(sent("before", 100, "never")).toBe(false);
  expect(matches(not({ kind: "sentDate", is: "before", day: 100 }), "Date: never\n\n")).toBe(true);
});

test("search looks into encoded parts, embedded messages and their headers, not into other attachments", () => {
  const mail = `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9 split=
ted
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${Buffer.from("<p>big <b>n</b>ews &amp; <a href='hidden'>more</a>").toString("base64")}
--b
Content-Type: message/rfc822

Subject: =?utf-8?q?inn=C3=A9r?=

deep
--b
Content-Type: image/png

pixels
--b--
`;
  for (const needle of ["CAFÉ splitted", "big news & more", "subject: innér", "deep"]) {
    expect([needle, matches(body(needle), mail)]).toEqual([needle, true]);
  }
  for (const needle of ["pixels", "hidden", "caf=E9", "splitted\nbig", "iso-8859-1"]) {
    expect([needle, matches(body(needle), mail)]).toEqual([needle, false]);
  }
});

test("search: TEXT looks at headers of parts too, and at file names as people know them; BODY does not", () => {
  const letter = [
    "Subject: x\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain;\n\tformat=flowed\n\nsee below\n",
    "--b\nContent-Type: multipart/related; boundary=c\n\n",
    "--c\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf\n\nJVBERi0\n",
    "--c--\n--b--\n",
  ].join("");
  for (const needle of ["plain; format=FLOWED", "grüße.pdf", "application/pdf"]) {
    expect(matches(text(needle), letter)).toBe(true);
    expect(matches(not(text(needle)), letter)).toBe(false);
    expect(matches(body(needle), letter)).toBe(false);
  }
  expect(matches(text("JVBERi0"), letter)).toBe(false);
  expect(matches(text("flowed multipart"), letter)).toBe(false);
});

test("search finds a needle in a body of 64 MB, and across its reads", () => {
  const size = 64 * 1024 * 1024;
  const bytes = new Uint8Array(size).fill(97);
  bytes.set(bytesOf("Subject: x\n\n"));
  const needle = "the needle";
  bytes.set(bytesOf(needle), size - 100);
  bytes.set(bytesOf("across"), 256 * 1024 * 3 + 12 - 3);
  expect(matches({ kind: "and", of: [body(needle), body("ACROSS"), not(body("needles"))] }, bytes)).toBe(true);
});

const words = fc.constantFrom("apple", "Banana", "CHÉRIE", "cafe\u0301", "x");
const field = fc
  .tuple(fc.constantFrom("Subject", "From", "X-A", "Date"), words)
  .map(([name, value]) => `${name}: ${value}\n`);
const date = fc.integer({ min: 0, max: 20 }).map((of) => `Date: ${new Date(of * 86_400_000).toUTCString()}\n`);
const leaf = fc
  .tuple(
    fc.constantFrom("text/plain", "text/html", "image/png"),
    fc.constantFrom("8bit", "base64", "quoted-printable"),
    fc.array(words, { maxLength: 4 }),
  )
  .map(([type, encoding, some]) => {
    const plain = Buffer.from(some.join(" "), "utf8");
    const coded =
      encoding === "base64" ? plain.toString("base64") : encoding === "8bit" ? plain.toString("latin1") : quoted(plain);
    return `Content-Type: ${type}; charset=utf-8\nContent-Transfer-Encoding: ${encoding}\n\n${coded}`;
  });
const part = fc.oneof(
  leaf,
  leaf.map((inner) => `Content-Type: message/rfc822\n\nSubject: inner chérie\n${inner}`),
);
const messages = fc
  .tuple(fc.array(fc.oneof(field, date), { maxLength: 4 }), fc.array(part, { minLength: 1, maxLength: 3 }))
  .map(([fields, parts]) =>
    bytesOf(
      Buffer.from(fields.join(""), "utf8").toString("latin1") +
        `Content-Type: multipart/mixed; boundary="=b"\n\n${parts.map((one) => `--=b\n${one}\n`).join("")}--=b--\n`,
    ),
  );

function quoted(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => (byte > 32 && byte < 127 && byte !== 61 ? String.fromCharCode(byte) : `=${byte.toString(16)}`))
    .join("");
}

const needles = fc.constantFrom(
  "apple",
  "BANANA",
  "chérie",
  "CAFÉ",
  "e",
  "x banana",
  "apple apple",
  "inner",
  "",
  "subject",
);
const days = fc.integer({ min: 0, max: 20 });
const is = fc.constantFrom("before" as const, "on" as const, "since" as const);
const { criteria } = fc.letrec<{ criteria: SearchCriteria }>((tie) => ({
  criteria: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant("text" as const), text: needles }),
    fc.record({ kind: fc.constant("body" as const), text: needles }),
    fc.record({ kind: fc.constant("header" as const), field: fc.constantFrom("SUBJECT", "from", "To"), text: needles }),
    fc.record({ kind: fc.constant("sentDate" as const), is, day: days }),
    fc.record({ kind: fc.constant("internalDate" as const), is, day: days }),
    fc.record({
      kind: fc.constant("arrived" as const),
      is: fc.constantFrom("before" as const, "since" as const),
      at: fc.nat(2e9),
    }),
    fc.record({ kind: fc.constant("modseq" as const), from: fc.nat(10) }),
    fc.record({ kind: fc.constant("larger" as const), size: fc.nat(200) }),
    fc.record({ kind: fc.constant("smaller" as const), size: fc.nat(200) }),
    fc.record({ kind: fc.constant("flag" as const), flag: fc.constantFrom("\\Seen", "$A") }),
    fc.record({ kind: fc.constant("uids" as const), uids: fc.constantFrom([1, 3], [2, 2, 5, 9], []) }),
    fc.constant<SearchCriteria>({ kind: "all" }),
    fc.record({ kind: fc.constant("and" as const), of: fc.array(tie("criteria"), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("or" as const), of: fc.array(tie("criteria"), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant("not" as const), of: tie("criteria") }),
  ),
}));
const rows = fc
  .record({
    uid: fc.integer({ min: 1, max: 6 }),
    modseq: fc.nat(10),
    size: fc.nat(200),
    date: fc.nat(20 * day),
    flags: fc.subarray(["\\Seen", "$A"]),
  })
  .map(row);

/** The same question, answered with everything at hand and no thought of cost. */
function naive(of: SearchCriteria, bytes: Uint8Array, at: ColumnRow): boolean {
  const fold = (value: string) => value.normalize("NFC").toLowerCase();
  const root = parseMessage(bytes).root;
  const fields = [...eachField(bytes.subarray(root.header.start, root.header.end))].map(({ name, value }) => ({
    name: name.toLowerCase(),
    value: fold(decodeHeaderText(value)),
  }));
  const inBody = (needle: string, partHeaders = false) =>
    textPieces(root, partHeaders).some((piece) => {
      const raw = bytes.subarray(piece.start, piece.end);
      if (piece.kind === "text") return fold(decodeText(raw, piece.part, "strip")).includes(fold(needle));
      return [...eachField(raw)].some(({ name, value }) =>
        fold(`${name}: ${decodeHeaderText(value)}`).includes(fold(needle)),
      );
    });
  const compare = (of: number, which: "before" | "on" | "since", wanted: number) =>
    which === "before" ? of < wanted : which === "on" ? of === wanted : of >= wanted;
  switch (of.kind) {
    case "all":
      return true;
    case "and":
      return of.of.every((one) => naive(one, bytes, at));
    case "or":
      return of.of.some((one) => naive(one, bytes, at));
    case "not":
      return !naive(of.of, bytes, at);
    case "uids":
      return hasUid(of.uids, at.uid);
    case "flag":
      return at.hasFlag(of.flag);
    case "larger":
      return at.size > of.size;
    case "smaller":
      return at.size < of.size;
    case "internalDate":
      return compare(Math.floor(at.date / day), of.is, of.day);
    case "arrived":
      return compare(at.date * 1000, of.is, of.at);
    case "modseq":
      return at.modseq >= of.from;
    case "sentDate": {
      const value = fields.findLast(({ name }) => name === "date")?.value;
      const sent = value === undefined ? null : parseDate(value);
      return sent !== null && compare(sent.day, of.is, of.day);
    }
    case "header":
      return fields.some(({ name, value }) => name === of.field.toLowerCase() && value.includes(fold(of.text)));
    case "body":
      return of.text === "" || inBody(of.text);
    case "text":
      return (
        of.text === "" ||
        inBody(of.text, true) ||
        fields.some(({ name, value }) => `${name}: ${value}`.includes(fold(of.text)))
      );
  }
}

test("search agrees with a naive evaluator, whatever stage decides", () => {
  fc.assert(
    fc.property(criteria, messages, rows, fc.integer({ min: 1, max: 50 }), (of, bytes, at, size) => {
      const expected = naive(of, bytes, at);
      const search = compile(of);
      const anatomy = parseMessage(bytes);
      expect(matchMessage(search, at, { bytes, anatomy })).toBe(expected);

      const columns = search.matchColumns(at);
      if (columns !== null) expect(columns).toBe(expected);
      else expect(search.needs).not.toBe("columns");
      const header = bytes.subarray(anatomy.root.header.start, anatomy.root.header.end);
      const withHeader = search.matchHeader(at, header);
      if (withHeader !== null) expect(withHeader).toBe(expected);
      else expect(search.needs).toBe("body");

      const scan = search.scanBody(at, header, anatomy);
      for (const [index, { start, end }] of scan.ranges.entries()) {
        for (let from = start; from < end; from += size) {
          const verdict = scan.write(index, bytes.subarray(from, Math.min(end, from + size)));
          if (verdict !== null) expect(verdict).toBe(expected);
        }
      }
      expect(scan.end()).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
