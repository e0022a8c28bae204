import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Anatomy, Part } from "./anatomy.ts";
import { binaryString, bytesOf } from "./binary-string.ts";
import { formatBodyStructure } from "./body-structure.ts";
import { describeMessage } from "./description.ts";
import { formatEnvelope } from "./envelope.ts";
import { MessageParser, maxDepth, maxParts, parseMessage } from "./parse.ts";

const crlf = (text: string) => bytesOf(text.replaceAll("\n", "\r\n"));
const slice = (bytes: Uint8Array, range: { start: number; end: number }) => binaryString(bytes, range.start, range.end);

test("parse finds the parts of the example in RFC 2046 §5.1.1", () => {
  const message = crlf(`From: Nathaniel Borenstein <nsb@bellcore.com>
To: Ned Freed <ned@innosoft.com>
Date: Sun, 21 Mar 1993 23:56:48 -0800 (PST)
Subject: Sample message
MIME-Version: 1.0
Content-type: multipart/mixed; boundary="simple boundary"

This is the preamble.  It is to be ignored.

--simple boundary

This is implicitly typed plain US-ASCII text.
It does NOT end with a linebreak.
--simple boundary
Content-type: text/plain; charset=us-ascii

This is explicitly typed plain US-ASCII text.
It DOES end with a linebreak.

--simple boundary--

This is the epilogue.  It is also to be ignored.
`);
  const { root, size } = parseMessage(message);
  expect(size).toBe(message.length);
  expect(root.body.end).toBe(size);
  expect(root.children.map((part) => [slice(message, part.header), slice(message, part.body), part.lines])).toEqual([
    ["\r\n", "This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.", 1],
    [
      "Content-type: text/plain; charset=us-ascii\r\n\r\n",
      "This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n",
      2,
    ],
  ]);
});

type Tree =
  | { kind: "leaf"; header: string; body: string }
  | { kind: "multipart"; header: string; preamble: string; epilogue: string; children: Tree[] }
  | { kind: "message"; header: string; child: Tree };
type Printed = { text: string; header: [number, number]; body: [number, number]; kind: string; children: Printed[] };

const bodies = fc
  .array(fc.constantFrom("text", "-", "--", "--x", "\n", "\r", "\xe9", "\0", " ", "--b", "a: b", "----"), {
    maxLength: 8,
  })
  // A CR at the end would belong to the line end after it.
  .map((pieces) => pieces.join("").replace(/\r+$/, ""));
const extraFields = fc.constantFrom("", "X-A: b\n", "X-Folded: a\n b\n", "Content-ID: <x@y>\n");
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("leaf" as const), header: extraFields, body: bodies }),
    fc.record({
      kind: fc.constant("multipart" as const),
      header: extraFields,
      preamble: bodies,
      epilogue: bodies,
      children: fc.array(tie("tree"), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant("message" as const), header: extraFields, child: tie("tree") }),
  ),
}));

/** Prints a tree, and says where everything is. Boundaries are numbered, and in no body. */
function print(tree: Tree, eol: string, at: number, next: { boundary: number }): Printed {
  if (tree.kind === "leaf") {
    const header = `${tree.header}Content-Type: image/x\n\n`.replaceAll("\n", eol);
    const start = at + header.length;
    const text = header + tree.body;
    return { text, header: [at, start], body: [start, at + text.length], kind: "leaf", children: [] };
  }
  if (tree.kind === "message") {
    const header = `${tree.header}Content-Type: message/rfc822\n\n`.replaceAll("\n", eol);
    const child = print(tree.child, eol, at + header.length, next);
    const text = header + child.text;
    return {
      text,
      header: [at, child.header[0]],
      body: [child.header[0], at + text.length],
      kind: "message",
      children: [child],
    };
  }
  const boundary = `=_${next.boundary++}_`;
  let text = `${tree.header}Content-Type: multipart/mixed; boundary="${boundary}"\n\n`.replaceAll("\n", eol);
  const start = at + text.length;
  text += tree.preamble;
  const children: Printed[] = [];
  for (const [index, one] of tree.children.entries()) {
    text += `${index === 0 && tree.preamble === "" ? "" : eol}--${boundary}${eol}`;
    const child = print(one, eol, at + text.length, next);
    children.push(child);
    text += child.text;
  }
  text += `${eol}--${boundary}--${tree.epilogue === "" ? "" : eol + tree.epilogue}`;
  return { text, header: [at, start], body: [start, at + text.length], kind: "multipart", children };
}

function expectSame(part: Part, printed: Printed): void {
  expect([part.header.start, part.header.end]).toEqual(printed.header);
  expect([part.body.start, part.body.end]).toEqual(printed.body);
  expect(part.kind as string).toBe(printed.kind);
  expect(part.children.length).toBe(printed.children.length);
  for (const [index, child] of part.children.entries()) expectSame(child, printed.children[index]!);
}

test("parse gives back the offsets at which any tree was printed", () => {
  fc.assert(
    fc.property(tree, fc.constantFrom("\r\n", "\n"), (generated, eol) => {
      const printed = print(generated, eol, 0, { boundary: 0 });
      expectSame(parseMessage(bytesOf(printed.text)).root, printed);
    }),
    { numRuns: 1000 },
  );
});

const ingredients = fc.constantFrom(
  "--b",
  "--bb",
  "--b--",
  "--",
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  "\r\n\r\n",
  "Content-Type: multipart/mixed; boundary=b\r\n",
  "Content-Type: multipart/digest; boundary=bb\r\n",
  "Content-Type: message/rfc822\r\n",
  "Content-Type: text/html\r\n\r\n",
  "From: a@b, g: c@d;\r\n",
  "Subject",
  ": ",
  ";",
  '"',
  "(",
  "\\",
  "=?utf-8?q?=C3?=",
  "\0",
  "\xff",
  "text",
);
const soup = fc.oneof(
  fc.array(ingredients, { maxLength: 60 }).map((pieces) => bytesOf(pieces.join(""))),
  fc.uint8Array({ maxLength: 300 }),
);

function parseChunked(bytes: Uint8Array, sizes: readonly number[]): Anatomy {
  const parser = new MessageParser();
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    // A copy whose bytes are overwritten afterwards: the parser may not hold on to a chunk.
    const chunk = new Uint8Array(bytes.subarray(at, at + size));
    parser.write(chunk);
    chunk.fill(45);
    at += size;
  }
  return parser.end();
}

test("parse gives the same for any chunks", () => {
  const chunks = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(soup, chunks, (bytes, sizes) => {
      expect(parseChunked(bytes, sizes)).toEqual(parseMessage(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("parse gives the same for chunks when lines are longer than what decides about them", () => {
  const long = "x".repeat(600);
  const text = `Subject: ${long}\nX-${long}: y\n ${long}\nContent-Type: multipart/mixed; boundary=b\n\n-${long}\n--b ${long}\n\n${long}\n--b--${long}\n`;
  const bytes = crlf(text);
  const whole = parseMessage(bytes);
  expect(whole.root.children.map((part) => slice(bytes, part.body))).toEqual([long]);
  for (const size of [1, 2, 3, 7, 63, 64, 65, 100, 1000]) expect(parseChunked(bytes, [size])).toEqual(whole);
});

test("parse takes a boundary of any length, nested ones too, in any chunks", () => {
  const [outer, inner] = ["o".repeat(1_500), "o".repeat(5_000)];
  const bytes = crlf(
    `Content-Type: multipart/mixed; boundary=${outer}\n\n--${outer}\nContent-Type: multipart/mixed;\n boundary="${inner}"\n\n--${inner}\n\none\n--${inner}--\n--${outer}\n\ntwo\n--${outer}--\n`,
  );
  const whole = parseMessage(bytes);
  expect(whole.root.children.map(({ kind }) => kind)).toEqual(["multipart", "leaf"]);
  expect(slice(bytes, whole.root.children[0]!.children[0]!.body)).toBe("one");
  expect(slice(bytes, whole.root.children[1]!.body)).toBe("two");
  for (const size of [1, 7, 1_503, 1_504, 1_505, 5_003, 5_004, 5_005])
    expect(parseChunked(bytes, [size])).toEqual(whole);
});

test.each([
  ["in pieces", `boundary*0=a;\n boundary*1="bc"`],
  ["in pieces with a charset (RFC 2231 §4.1)", `boundary*0*=us-ascii'en'a%62;\n boundary*1*=c`],
  ["with a charset", `boundary*=''%61bc`],
  ["with a comment glued to it", "boundary=abc(cmt)"],
  ["between comments", `(x) boundary (y) = (z) "abc" (\\)a)`],
])("parse divides a multipart by its boundary %s", (_, parameter) => {
  const message = crlf(`Content-Type: multipart/mixed;\n ${parameter}\n\n--abc\n\none\n--abc\n\ntwo\n--abc--\n`);
  expect(parseMessage(message).root.children.map((part) => slice(message, part.body))).toEqual(["one", "two"]);
});

function checkRanges(part: Part, start: number, end: number): void {
  expect(part.header.start).toBeGreaterThanOrEqual(start);
  expect(part.header.end).toBeGreaterThanOrEqual(part.header.start);
  expect(part.body.start).toBe(part.header.end);
  expect(part.body.end).toBeGreaterThanOrEqual(part.body.start);
  expect(part.body.end).toBeLessThanOrEqual(end);
  expect(part.lines).toBeGreaterThanOrEqual(0);
  if (part.kind === "leaf") expect(part.children).toEqual([]);
  else expect(part.children.length).toBeGreaterThanOrEqual(1);
  let at = part.body.start;
  for (const child of part.children) {
    checkRanges(child, at, part.body.end);
    at = child.body.end;
  }
}

test("parse takes any bytes, covers them, and keeps parts in order and within their parents", () => {
  fc.assert(
    fc.property(soup, (bytes) => {
      const { size, root } = parseMessage(bytes);
      expect([size, root.header.start, root.body.end]).toEqual([bytes.length, 0, bytes.length]);
      checkRanges(root, 0, size);
      expect(JSON.parse(JSON.stringify(root))).toEqual(root);
    }),
    { numRuns: 2000 },
  );
});

/** Reads one parenthesised IMAP value and answers where it ended (RFC 9051 §9: nstring, number, list). */
function readImapValue(text: string, at: number): number {
  if (text.startsWith("NIL", at)) return at + 3;
  const number = /^\d+/.exec(text.slice(at, at + 20));
  if (number !== null) return at + number[0].length;
  const literal = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20));
  if (literal !== null) {
    const end = at + literal[0].length + Number(literal[1]);
    expect(text.slice(at + literal[0].length, end)).not.toContain("\0");
    expect(end).toBeLessThanOrEqual(text.length);
    return end;
  }
  const quoted = /^"(?:[\t\x20-!#-[\]-~]|\\["\\])*"/.exec(text.slice(at));
  if (quoted !== null) return at + quoted[0].length;
  expect(text[at]).toBe("(");
  let next = at + 1;
  while (text[next] !== ")") {
    if (text[next] === " ") next++;
    next = readImapValue(text, next);
  }
  return next + 1;
}

test("ENVELOPE and BODYSTRUCTURE of any bytes are in IMAP's grammar", () => {
  fc.assert(
    fc.property(soup, (bytes) => {
      const { root } = parseMessage(bytes);
      for (const text of [
        formatEnvelope(root.envelope!),
        formatBodyStructure(root, true),
        formatBodyStructure(root, false),
      ].map((value) => binaryString(value))) {
        expect(readImapValue(text, 0)).toBe(text.length);
      }
    }),
    { numRuns: 2000 },
  );
});

function count(part: Part): number {
  return part.children.reduce((sum, child) => sum + count(child), 1);
}

function depth(part: Part): number {
  return 1 + Math.max(0, ...part.children.map(depth));
}

test("parse stops at its limit of parts; the last one has the rest", () => {
  const message = bytesOf(`Content-Type: multipart/mixed; boundary=b\n\n${"--b\n\nx\n".repeat(100_000)}--b--\n`);
  const { root } = parseMessage(message);
  expect(count(root)).toBe(maxParts);
  expect(root.children.at(-1)!.body.end).toBe(message.length);
  checkRanges(root, 0, message.length);
});

test("parse looks 100 levels deep; what is deeper is opaque, in multiparts and in messages", () => {
  let multiparts = "";
  for (let level = 0; level < 1000; level++) {
    multiparts += `Content-Type: multipart/mixed; boundary=b${level}x\n\n--b${level}x\n`;
  }
  const messages = "Content-Type: message/rfc822\n\n".repeat(1000);
  for (const text of [multiparts, messages]) {
    const { root, size } = parseMessage(bytesOf(text));
    expect(depth(root)).toBe(maxDepth + 1);
    checkRanges(root, 0, size);
    let part = root;
    while (part.children.length > 0) part = part.children[0]!;
    expect(`${part.type}/${part.subtype}`).toBe("application/octet-stream");
    expect(part.body.end).toBe(size);
  }
});

test("parse keeps byte ranges exact and values bounded where a header has megabytes", () => {
  const header = bytesOf(`Subject: ${"s".repeat(5_000_000)}\nTo: ${"a@b.c, ".repeat(500_000)}\nX: y\n\n`);
  const message = Buffer.concat([header, bytesOf("body")]);
  const { root } = parseMessage(message);
  expect(root.header).toEqual({ start: 0, end: header.length });
  expect(root.envelope!.subject!.length).toBeLessThan(200_000);
  expect(root.envelope!.to.length).toBeLessThan(5000);
  expect(JSON.stringify(root).length).toBeLessThan(1_000_000);
});

test("what is kept about any message is bounded", () => {
  const multipart = "Content-Type: multipart/mixed; boundary=b\n\n";
  const inner = "--b\nContent-Type: message/rfc822\n\n";
  const hostile = [
    `--b\nContent-Type: x/y; name="${"n".repeat(50_000)}"\n\n`.repeat(400),
    `${inner}From: ${"a,".repeat(4000)}\n\nhi\n`.repeat(2000),
    `${inner}From: a@b, c@d\nSubject: x\n\nhi\n`.repeat(6000),
    `${inner}Subject: ${"\x01".repeat(1000)}\n\n`.repeat(2000),
    `--b\nContent-Type: x/y; ${Array.from({ length: 300 }, (_, i) => `p${i}=1`).join("; ")}\n\n`.repeat(1000),
  ];
  for (const parts of hostile) {
    const { envelope, bodystructure, anatomy, summary } = describeMessage(bytesOf(multipart + parts));
    expect(envelope.length + bodystructure.length + anatomy.length + summary.length).toBeLessThan(12_000_000);
  }
});
