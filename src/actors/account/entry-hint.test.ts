import { expect, test } from "bun:test";
import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId, MailboxId, MessageId, RequestId } from "../../domain/ids.ts";
import { packHint, unpackHint } from "./entry-hint.ts";

const account = "a".repeat(24) as AccountId;
const entry = (literal: Uint8Array): LogEntry => ({
  account,
  seq: 7,
  at: 1_780_000_000_000,
  batch: "b",
  checksum: "0123456789abcdef",
  transactions: [
    {
      request: "r" as RequestId,
      events: [
        { kind: "expunged", mailbox: "c".repeat(24) as MailboxId, uids: [1, 3] },
        {
          kind: "appended",
          mailbox: "c".repeat(24) as MailboxId,
          uid: 4,
          message: "d".repeat(24) as MessageId,
          size: literal.length + 5,
          internalDate: 1_780_000_000_000,
          flags: ["\\Seen"],
          content: [
            { kind: "literal", bytes: literal },
            { kind: "inline", index: 0, size: 5 },
          ],
        },
      ],
    },
  ],
  bodies: [],
});

test("an entry is the same on the other side, its bytes too, and without its bodies", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const sent: LogEntry = { ...entry(bytes), bodies: [new Uint8Array(5)] };
  expect(unpackHint(packHint(sent))).toEqual({ account, seq: 7, entry: entry(bytes) });
});

test("of a large one only the number is sent", () => {
  const payload = packHint(entry(new Uint8Array(40_000)));
  expect(payload.length).toBeLessThan(100);
  expect(unpackHint(payload)).toEqual({ account, seq: 7, entry: null });
});

test("what else is in the channel is no hint, or one that says no more than a number", () => {
  for (const text of ["", "x", "null", "[]", "{}", '{"account":1,"seq":2}', '{"account":"a","seq":"2"}']) {
    expect(unpackHint(Buffer.from(text))).toBeNull();
  }
  const unread = [{}, { written: {} }, { written: [] }, { transactions: [], checksum: "" }];
  for (const more of unread) {
    expect(unpackHint(Buffer.from(JSON.stringify({ account, seq: 7, ...more })))).toEqual({
      account,
      seq: 7,
      entry: null,
    });
  }
  expect(unpackHint(Buffer.from(JSON.stringify({ account, seq: 7, checksum: "", written: [{}] })))).toBeNull();
});
