import { expect, test } from "bun:test";
import fc from "fast-check";
import { binaryString, bytesOf } from "./binary-string.ts";
import { parseMessage } from "./parse.ts";
import { splitMessage } from "./split.ts";

const big = "A".repeat(100);
const message = bytesOf(
  `Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsmall\n--b\nContent-Type: image/png\n\n${big}\n--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: image/gif\n\n${big}!\n--b--\n`,
);

test("splitMessage takes out the bodies of large leaf parts, those of embedded messages too", () => {
  const ranges = splitMessage(parseMessage(message), 100);
  expect(ranges.map(({ kind }) => kind)).toEqual(["skeleton", "attachment", "skeleton", "attachment", "skeleton"]);
  expect(
    ranges.filter(({ kind }) => kind === "attachment").map(({ start, end }) => binaryString(message, start, end)),
  ).toEqual([big, `${big}!`]);
});

test("splitMessage leaves a message without large parts whole, and an empty one without ranges", () => {
  expect(splitMessage(parseMessage(message), 1000)).toEqual([{ start: 0, end: message.length, kind: "skeleton" }]);
  expect(splitMessage(parseMessage(new Uint8Array(0)), 0)).toEqual([]);
});

test("splitMessage covers any message exactly, in order", () => {
  const pieces = fc.constantFrom(
    "--b\n",
    "--b--\n",
    "text\n",
    "\n",
    "Content-Type: message/rfc822\n",
    "Content-Type: multipart/mixed; boundary=b\n",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), fc.nat({ max: 20 }), (some, atLeast) => {
      const bytes = bytesOf(some.join(""));
      let at = 0;
      for (const { start, end, kind } of splitMessage(parseMessage(bytes), atLeast)) {
        expect(start).toBe(at);
        expect(end).toBeGreaterThan(start);
        if (kind === "attachment") expect(end - start).toBeGreaterThanOrEqual(atLeast);
        at = end;
      }
      expect(at).toBe(bytes.length);
    }),
    { numRuns: 500 },
  );
});
