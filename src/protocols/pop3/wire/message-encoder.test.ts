import { expect, test } from "bun:test";
import fc from "fast-check";
import { MessageEncoder } from "./message-encoder.ts";

function encode(pieces: readonly string[], bodyLines?: number): string {
  const encoder = new MessageEncoder(bodyLines);
  let text = "";
  for (const piece of pieces) {
    text += Buffer.from(encoder.encode(Buffer.from(piece, "latin1"))).toString("latin1");
    if (encoder.satisfied) break;
  }
  return text + Buffer.from(encoder.end()).toString("latin1");
}

/** What a client makes of it: lines up to the lone dot, the doubled dots undone (RFC 1939 §3). */
function decode(text: string): { message: string; rest: string } {
  const end = text.startsWith(".\r\n") ? 0 : text.indexOf("\r\n.\r\n") + 2;
  return { message: text.slice(0, end).replace(/(^|\r\n)\./g, "$1"), rest: text.slice(end + 3) };
}

const awkward = fc.array(fc.constantFrom("\r\n", "\r", "\n", ".", "a", "\0", "\xff", "\r\n.", "\n."), {
  maxLength: 40,
});

test("a client gets back every message, bare LFs as line ends, however it was cut into pages", () => {
  fc.assert(
    fc.property(awkward, (pieces) => {
      const lines = pieces.join("").replace(/(?<!\r)\n/g, "\r\n");
      const { message, rest } = decode(encode(pieces));
      expect(rest).toBe("");
      expect(message).toBe(lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`);
    }),
    { numRuns: 3000 },
  );
});

test("no line of a message can end the response, whichever line ends a client believes in", () => {
  fc.assert(
    fc.property(awkward, (pieces) => {
      const lines = encode(pieces).split(/\r?\n/);
      expect(lines.indexOf(".")).toBe(lines.length - 2);
    }),
    { numRuns: 3000 },
  );
});

test("a message with CRLFs and no dots is not copied", () => {
  const page = Buffer.from("Subject: a\r\n\r\nhello\r\n");
  const encoded = new MessageEncoder().encode(page);
  expect(encoded.buffer).toBe(page.buffer);
  expect(encoded.length).toBe(page.length);
});

const message = "A: 1\r\nB: 2\r\n\r\none\r\n.two\r\n\r\nfour";

for (const [lines, expected] of [
  [0, "A: 1\r\nB: 2\r\n\r\n.\r\n"],
  [1, "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n"],
  [3, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\n.\r\n"],
  [100, "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n\r\nfour\r\n.\r\n"],
] as const) {
  test(`TOP shows the header and ${lines} lines`, () => {
    expect(encode([message], lines)).toBe(expected);
    expect(encode(message.split(""), lines)).toBe(expected);
  });
}

test("TOP of a message without a body is its header", () => {
  expect(encode(["A: 1\r\nB: 2\r\n"], 0)).toBe("A: 1\r\nB: 2\r\n.\r\n");
});
