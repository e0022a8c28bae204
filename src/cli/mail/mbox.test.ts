import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { withMailLineBreaks } from "./mail-file.ts";
import { messagesOf } from "./read-mbox.ts";
import { mboxEntry } from "./write-mbox.ts";

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(mbox: string | Uint8Array, pieceSize = 1 << 16) {
  const found = [];
  for await (const message of messagesOf(inPieces(Buffer.from(mbox as string, "latin1"), pieceSize)))
    found.push(message);
  return found;
}
const texts = (messages: { bytes: Uint8Array }[]) => messages.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
const from = "From alice@example.com Sat Jan  3 01:05:34 1996\n";

describe("messagesOf", () => {
  test("splits at From lines behind empty lines, and only there", async () => {
    const mbox = `${from}Subject: 1\n\nbody\nFrom here on it is text 12:00 1996\n\nFrom a friend, without a date\n\n${from}Subject: 2\n\nb\n`;
    expect(texts(await read(mbox))).toEqual([
      "Subject: 1\r\n\r\nbody\r\nFrom here on it is text 12:00 1996\r\n\r\nFrom a friend, without a date\r\n",
      "Subject: 2\r\n\r\nb\r\n",
    ]);
  });

  test("reads the same whatever pieces the file comes in", async () => {
    const mbox = `${from}A: 1\n\nx\n\n${from}B: 2\n\n>From y\n\n${from}C: 3\n\n\n\n`;
    const whole = texts(await read(mbox));
    expect(whole).toHaveLength(3);
    for (const size of [1, 2, 7, 50, 51, 100]) expect(texts(await read(mbox, size))).toEqual(whole);
  });

  test.each([
    ["From a@b Sat Jan  3 01:05:34 1996", "1996-01-03T01:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 1996 +0200", "1996-01-02T23:05:34Z"],
    ["From a@b Sat Jan  3 01:05:34 +0200 1996", "1996-01-02T23:05:34Z"],
    ["From a@b Sat Jan  3 01:05 1996", "1996-01-03T01:05:00Z"],
    ["From MAILER-DAEMON Fri Jul  8 12:08:34 2011", "2011-07-08T12:08:34Z"],
    ["From 1501@xxx Mon Sep 04 19:22:05 +0000 2017", "2017-09-04T19:22:05Z"],
    ["From  Thu Jan  1 00:00:01 1970", "1970-01-01T00:00:01Z"],
  ])("takes the date of %j", async (line, date) => {
    const [message] = await read(`${line}\nSubject: x\n\nx\n`);
    expect(message?.date).toEqual(new Date(date));
  });

  test("takes flags from Status and X-Status, not from the body", async () => {
    const [one, two] = await read(`${from}Status: RO\nX-Status: AF\n\nx\n\n${from}Subject: x\n\nStatus: R\n`);
    expect(one?.flags).toEqual({
      seen: true,
      answered: true,
      flagged: true,
      deleted: false,
      draft: false,
      forwarded: false,
    });
    expect(two?.flags.seen).toBe(false);
  });

  test("what is no mbox gives nothing", async () => {
    expect(await read("Subject: x\n\nFrom\n")).toEqual([]);
    expect(await read("")).toEqual([]);
  });
});

test("mboxEntry, read again, gives the same bytes, quoted lines and odd line ends included", async () => {
  const line = fc.constantFrom(
    "From a@b Sat Jan  3 01:05:34 1996",
    ">From x",
    ">>From ",
    "text",
    "",
    "\r",
    " From",
    "\u00ff\u0000",
  );
  const ending = fc.constantFrom("\r\n", "\n");
  const message = fc
    .array(fc.tuple(line, ending), { minLength: 1, maxLength: 12 })
    .map((lines) => `A: b\r\n${lines.map((pair) => pair.join("")).join("")}`);
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), async (messages) => {
      const date = new Date("2024-02-29T12:34:56Z");
      const mbox = Buffer.concat(messages.map((text) => mboxEntry({ bytes: Buffer.from(text, "latin1"), date })));
      const found = await read(mbox.toString("latin1"), 100);
      expect(texts(found)).toEqual(messages);
      expect(found.every((entry) => entry.date.getTime() === date.getTime())).toBe(true);
    }),
  );
});

test("withMailLineBreaks gives CRLF to what has LF alone, and leaves all else", () => {
  const convert = (text: string) => Buffer.from(withMailLineBreaks(Buffer.from(text, "latin1"))).toString("latin1");
  expect(convert("a\nb\n\n")).toBe("a\r\nb\r\n\r\n");
  expect(convert("a\r\nb\n")).toBe("a\r\nb\n");
  expect(convert("a\rb")).toBe("a\rb");
});
