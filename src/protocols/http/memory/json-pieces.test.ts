import { expect, test } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "../../../../test/manual-clock.ts";
import { realClock } from "../../../actors/runtime/clock.ts";
import { jsonPieces } from "./json-pieces.ts";

test("jsonPieces says what JSON.stringify says", async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    fc.array(fc.option(fc.jsonValue(), { nil: undefined })),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), value), async (object) => {
      const json = Buffer.concat(await jsonPieces(object, realClock)).toString("utf8");
      expect(json).toBe(JSON.stringify(object));
    }),
  );
});

test("jsonPieces lets others come in between", async () => {
  const clock = new ManualClock();
  const results = Array.from({ length: 5 }, () => "x".repeat(200_000));
  let done = false;
  const made = jsonPieces({ results }, clock).then((pieces) => {
    done = true;
    return pieces;
  });
  let turns = 0;
  for (; !done; turns++) {
    clock.advance(0);
    await Bun.sleep(0);
  }
  expect(turns).toBeGreaterThan(2);
  expect(Buffer.concat(await made).toString("utf8")).toBe(JSON.stringify({ results }));
});
