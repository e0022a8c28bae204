import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeMessage, opaqueDescription, reading, readingOf } from "./description.ts";

const folder = join(import.meta.dir, "corpus");

test("whoever changes how the corpus is described raises `reading`, and then writes down here what it is", () => {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".eml")) continue;
    const { envelope, bodystructure, anatomy, summary } = describeMessage(readFileSync(join(folder, file)));
    for (const field of [envelope, bodystructure, anatomy, summary]) hash.update(field).update("\0");
  }
  expect([reading, hash.digest("hex")]).toEqual([
    2,
    "0a83d0e250ca1333a20ad64af95070db0a822bb0a313381af52a19ae725db85b",
  ]);
});

test("a description says which reading it is of", () => {
  expect(readingOf(describeMessage(Buffer.from("Subject: x\r\n\r\n")).anatomy)).toEqual({ reading, size: 14 });
  expect(readingOf(opaqueDescription(3).anatomy)).toEqual({ reading, size: 3 });
  expect(readingOf(Buffer.from('{"size":5,"root":{}}'))).toEqual({ reading: 1, size: 5 });
  expect(readingOf(Buffer.from('{"size":'))).toBeNull();
});
