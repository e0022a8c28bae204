import { expect, test } from "bun:test";
import type { AccountId, RequestId } from "../../domain/ids.ts";
import { BoundedAccounts } from "./bounded-accounts.ts";
import type { Accounts, Outcome } from "./requests.ts";

const account = "a".repeat(24) as AccountId;

/** Accounts that answer a change when they are told to. */
function scene(bounds: { changes: number; bytes: number }) {
  const asked: { answer: (outcome: Outcome) => void; fail: (error: Error) => void }[] = [];
  const inner = {
    ask: (_: AccountId, request: { kind: string }) =>
      request.kind === "change"
        ? new Promise((answer, fail) => void asked.push({ answer, fail }))
        : Promise.resolve({ ok: true }),
    watch: () => () => {},
  } as unknown as Accounts;
  const bounded = new BoundedAccounts(inner, bounds);
  const change = (size: number, accounts: Accounts = bounded) =>
    accounts.ask(account, {
      kind: "change",
      request: `r${Math.random()}` as RequestId,
      command: {
        kind: "append",
        mailbox: { path: "INBOX" },
        flags: [],
        source: { kind: "bytes", bytes: new Uint8Array(size) },
      },
    });
  return { asked, bounded, change };
}
const done: Outcome = { ok: true, seq: 1, events: [] };
const busy = { ok: false, refusal: { kind: "busy", why: "too many changes are under way" } };

test("a change too many is refused without any account hearing of it; one that ends makes room", async () => {
  const { asked, bounded, change } = scene({ changes: 2, bytes: 1000 });
  const first = change(10);
  const second = change(10);
  expect(await change(10)).toEqual(busy as never);
  expect(asked.length).toBe(2);
  asked[0]!.answer(done);
  expect(await first).toEqual(done);
  const third = change(10);
  asked[1]!.answer(done);
  asked[2]!.answer(done);
  expect(await Promise.all([second, third])).toEqual([done, done]);
  expect(bounded.underWay).toEqual({ changes: 0, bytes: 0 });
});

test("bytes are bounded, too; one that is larger than all of them is taken alone", async () => {
  const { asked, bounded, change } = scene({ changes: 10, bytes: 100 });
  const large = change(500);
  expect(bounded.underWay).toEqual({ changes: 1, bytes: 500 });
  expect(await change(1)).toEqual(busy as never);
  asked[0]!.answer(done);
  await large;
  const [a, b] = [change(60), change(40)];
  expect(await change(1)).toEqual(busy as never);
  asked[1]!.answer(done);
  asked[2]!.answer(done);
  await Promise.all([a, b]);
  expect(bounded.underWay).toEqual({ changes: 0, bytes: 0 });
});

test("a change that fails makes room as well", async () => {
  const { asked, bounded, change } = scene({ changes: 1, bytes: 100 });
  const failing = change(10).catch((error: Error) => error.message);
  asked[0]!.fail(new Error("a fault"));
  expect(await failing).toBe("a fault");
  expect(bounded.underWay).toEqual({ changes: 0, bytes: 0 });
});

test("reads pass, however many changes are under way; refusals are told to whom they concern", async () => {
  const { bounded, change } = scene({ changes: 1, bytes: 100 });
  void change(10);
  expect(await bounded.ask(account, { kind: "mailboxes" })).toEqual({ ok: true } as never);
  const heard: string[] = [];
  const seen = bounded.seenBy(({ kind }) => void heard.push(kind));
  expect(await change(10, seen)).toEqual(busy as never);
  expect(heard).toEqual(["busy"]);
});
