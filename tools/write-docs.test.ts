import { expect, test } from "bun:test";
import { staleDocuments } from "./write-docs.ts";

test("the generated documents are what the source says", async () => {
  expect(await staleDocuments()).toEqual([]);
});
