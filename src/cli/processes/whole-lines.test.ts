import { expect, test } from "bun:test";
import { wholeLines } from "./whole-lines.ts";

test("wholeLines hands on lines only, whatever the pieces, and ends the last one", async () => {
  const text = `${'{"a":"ä€😀"}\n'.repeat(50)}cut o`;
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, 64, bytes.length]) {
    const written: string[] = [];
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    await wholeLines(stream, { write: (each) => void written.push(each) });
    expect(written.join("")).toBe(`${text}\n`);
    for (const each of written) expect(each).toEndWith("\n");
  }
});
