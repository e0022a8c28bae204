import { expect, test } from "bun:test";
import { LineBuffer } from "./line-buffer.ts";

function linesOf(limit: number, ...pieces: string[]): (string | null)[] {
  const buffer = new LineBuffer(limit);
  const lines: (string | null)[] = [];
  for (const piece of pieces) {
    buffer.add(Buffer.from(piece, "latin1"));
    for (let line = buffer.next(); line !== null; line = buffer.next()) {
      lines.push(line === "too long" ? line : line.toString("latin1"));
    }
  }
  return lines;
}

test("lines end with CRLF or LF, wherever the packets were cut", () => {
  expect(linesOf(100, "USER a\r\nPASS b\nST", "AT", "\r", "\n", "\r\nX")).toEqual(["USER a", "PASS b", "STAT", ""]);
});

test("a CR that ends no line stays in it", () => {
  expect(linesOf(100, "a\rb\r\r\n")).toEqual(["a\rb\r"]);
});

test("a line over the limit is reported once and the next one is read", () => {
  expect(linesOf(5, "123456\r\nNOOP\r\n")).toEqual(["too long", "NOOP"]);
  expect(linesOf(5, "1234567890", "1234567890", "x\r", "\nNOOP\r\n")).toEqual(["too long", "NOOP"]);
});

test("a line that never ends is not kept", () => {
  const buffer = new LineBuffer(100);
  for (let round = 0; round < 1000; round++) {
    buffer.add(Buffer.alloc(1000, "x"));
    expect(buffer.next()).toBeNull();
    expect(buffer.size).toBeLessThanOrEqual(100);
  }
});

test("clear forgets what is waiting", () => {
  const buffer = new LineBuffer(100);
  buffer.add(Buffer.from("USER evil\r\nPA"));
  buffer.clear();
  buffer.add(Buffer.from("CAPA\r\n"));
  expect(buffer.next()?.toString()).toBe("CAPA");
  expect(buffer.next()).toBeNull();
});
