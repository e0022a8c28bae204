import { expect, test } from "bun:test";
import fc from "fast-check";
import { DotDecoder } from "./dot-decoder.ts";

/** RFC 5321 §4.5.2 as a client does it: a dot before every line that begins with one, then the end. */
function stuffed(message: Buffer): Buffer {
  const text = message.toString("latin1");
  return Buffer.from(`${text.replace(/^\./, "..").replaceAll("\r\n.", "\r\n..")}.\r\n`, "latin1");
}

/** Decodes octets that arrive in pieces of the given sizes, over and over; answers what came before and after the end. */
function decode(wire: Buffer, sizes: readonly number[]): { message: Buffer; after: Buffer | null } {
  const decoder = new DotDecoder();
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < wire.length; turn++) {
    const chunk = wire.subarray(at, at + sizes[turn % sizes.length]!);
    at += chunk.length;
    const end = decoder.decode(chunk, (bytes) => pieces.push(Buffer.from(bytes)));
    if (end >= 0) return { message: Buffer.concat(pieces), after: wire.subarray(at - chunk.length + end) };
  }
  return { message: Buffer.concat(pieces), after: null };
}

const awkward = fc
  .array(fc.constantFrom("\r\n", "\r", "\n", ".", "..", "a", "\0", "\xff", "\r\n.", "\n."), { maxLength: 40 })
  .map((parts) => Buffer.from(`${parts.join("")}\r\n`, "latin1"))
  // A client that doubles dots behind bare LFs too cannot be told from one that writes two: see the test below.
  .filter((message) => !/(^|[^\r])\n\.\./.test(message.toString("latin1")));

test("decode gives back any message, however it was cut into packets", () => {
  fc.assert(
    fc.property(awkward, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (message, sizes) => {
      const wire = Buffer.concat([stuffed(message), Buffer.from("RSET\r\n")]);
      const decoded = decode(wire, sizes);
      expect(decoded.message).toEqual(message);
      expect(decoded.after).not.toBeNull();
    }),
    { numRuns: 3000 },
  );
});

test("decode finds the commands behind the message in the same packet", () => {
  const { message, after } = decode(Buffer.from("Subject: a\r\n\r\nb\r\n.\r\nRSET\r\n"), [1000]);
  expect(message.toString()).toBe("Subject: a\r\n\r\nb\r\n");
  expect(after?.toString()).toBe("RSET\r\n");
});

test("decode takes a dot at the very start for an empty message", () => {
  expect(decode(Buffer.from(".\r\n"), [1])).toEqual({ message: Buffer.alloc(0), after: Buffer.alloc(0) });
});

for (const shape of [
  "\n.\n",
  "\n.\r\n",
  "\r.\r",
  "\r.\r\n",
  "\r\n.\r",
  "\r\n.\n",
  "\r\n.\r\r\n",
  "\n\n.\r\n",
  "\r\r.\r\n",
]) {
  test(`decode does not end at ${JSON.stringify(shape)}`, () => {
    for (const size of [1, 2, 3, 1000]) {
      const { message, after } = decode(Buffer.from(`a${shape}MAIL FROM:<evil@example.com>\r\n.\r\n`), [size]);
      expect(message.toString()).toEndWith("MAIL FROM:<evil@example.com>\r\n");
      expect(after?.length).toBe(0);
    }
  });
}

test("decode undoubles a dot behind a bare LF, as clients double it there, and leaves a single one", () => {
  expect(decode(Buffer.from("a\n..b\n.c\r\n.\r\n"), [1]).message.toString()).toBe("a\n.b\n.c\r\n");
});

test("decode deletes the first dot of a line even where it was not doubled (RFC 5321 §4.5.2)", () => {
  expect(decode(Buffer.from("a\r\n.b\r\n.\r\n"), [1]).message.toString()).toBe("a\r\nb\r\n");
});
