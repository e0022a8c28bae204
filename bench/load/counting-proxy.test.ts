import { expect, test } from "bun:test";
import { messageNames } from "./counting-proxy.ts";

/** A message of the wire protocol whose first element has this name. */
function wireMessage(name: string, filling: number, code = 2013): Buffer {
  const document = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0x10]),
    Buffer.from(`${name}\0`),
    Buffer.alloc(4 + filling),
    Buffer.from([0]),
  ]);
  document.writeInt32LE(document.length, 0);
  const header = Buffer.alloc(16 + 5);
  header.writeInt32LE(header.length + document.length, 0);
  header.writeInt32LE(code, 12);
  return Buffer.concat([header, document]);
}

test("messageNames says each command once, however the bytes are cut", () => {
  const sent = ["insert", "find", "update"].map((name, at) => wireMessage(name, at * 50));
  const bytes = Buffer.concat([sent[0]!, wireMessage("old", 3, 2004), sent[1]!, sent[2]!]);
  for (let cut = 1; cut <= bytes.length; cut++) {
    const names: string[] = [];
    const take = messageNames((name) => names.push(name));
    for (let at = 0; at < bytes.length; at += cut) take(bytes.subarray(at, at + cut));
    expect(names).toEqual(["insert", "find", "update"]);
  }
});
