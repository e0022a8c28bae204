import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AccountId } from "../../domain/ids.ts";
import { done, type FailingStores, onlyCall } from "../../store/failing/failing-stores.ts";
import { LocalHints } from "../../store/local/hints.ts";
import { realClock } from "../runtime/clock.ts";
import type { ChangeCommand } from "./requests.ts";
import { newAccount, shardsOnFailingStores, type TestShard } from "./shard.testing.ts";
import { verifyAccount } from "./verify.ts";

describe("closing an account", () => {
  let stores: FailingStores;
  let account: AccountId;
  const { begin, node, end } = shardsOnFailingStores();

  beforeEach(() => {
    stores = begin();
    account = newAccount();
  });
  afterEach(end);

  const expectClosed = async (shard: TestShard): Promise<void> => {
    expect(await shard.deliver(account, "late")).toEqual({ ok: false, refusal: { kind: "noSuchAccount" } });
    const again = await shard.change(account, "open again", { kind: "openAccount", quota: 0, mailboxes: [] });
    expect(again).toEqual({ ok: false, refusal: { kind: "noSuchAccount" } });
    for (const kind of ["mailboxes", "catchUp", "listDeparted"] as const)
      expect(await shard.shard.ask(account, { kind })).toEqual({ ok: false, refusal: { kind: "noSuchAccount" } });
  };

  test("nothing is left, and nobody adds to it: not the node that closed it, not one that held it, not a new one", async () => {
    const hints = new LocalHints(realClock);
    const [one, other] = [node({ hints }), node({ hints: null })];
    await one.open(account);
    await one.deliver(account, "a");
    await other.inbox(account);
    expect(await one.shard.ask(account, { kind: "forget" })).toEqual({ ok: true });
    for (const each of [one, other, node()]) await expectClosed(each);
    expect(await stores.log.heads([account])).toEqual([3]);
    expect((await stores.log.read(account, 2, 9, "bodies")).length).toBe(1);
    expect((await verifyAccount(stores, account)).findings).toEqual([]);
  });

  test("whatever call fails or loses its answer, asking again is enough", async () => {
    for (let k = 1; ; k++) {
      account = newAccount();
      const one = node({ appendDeadline: 0 });
      stores.plan(() => done);
      await one.open(account);
      await one.deliver(account, "a");
      stores.plan(onlyCall(k, k % 2 === 0 ? "refused" : "answerLost"));
      const before = stores.calls.length;
      const first = await one.shard.ask(account, { kind: "forget" });
      const calls = stores.calls.length - before;
      stores.plan(() => done);
      if (!first.ok) expect(await one.shard.ask(account, { kind: "forget" })).toEqual({ ok: true });
      await expectClosed(node());
      expect((await verifyAccount(stores, account)).findings).toEqual([]);
      if (k > calls) break;
    }
  });

  test("an account that was never opened is nobody's: it shows nothing and takes nothing", async () => {
    const shard = node();
    const refused = { ok: false, refusal: { kind: "noSuchAccount" } };
    for (const [at, command] of [
      { kind: "createMailbox", path: "INBOX" },
      { kind: "createMailbox", path: "Work", subscribe: true },
      { kind: "setQuota", bytes: 1000 },
      { kind: "unsubscribe", path: "Work" },
    ].entries())
      expect(await shard.change(account, `wish ${at}`, command as ChangeCommand)).toEqual(refused as never);
    expect(await shard.deliver(account, "a")).toEqual(refused as never);
    for (const kind of ["mailboxes", "catchUp", "listDeparted"] as const)
      expect(await shard.shard.ask(account, { kind })).toEqual(refused as never);
    expect(await stores.log.heads([account])).toEqual([0]);
  });

  test("one that another node has opened is seen, however it was asked about before", async () => {
    const [one, other] = [node({ hints: null }), node({ hints: null })];
    expect(await one.shard.ask(account, { kind: "mailboxes" })).toMatchObject({ ok: false });
    await other.open(account);
    expect(await one.shard.ask(account, { kind: "mailboxes" })).toMatchObject({ ok: true });
    expect(await one.deliver(account, "a")).toMatchObject({ ok: true });
  });

  test("an account that was never opened leaves nothing behind", async () => {
    expect(await node().shard.ask(account, { kind: "forget" })).toEqual({ ok: true });
    expect(await stores.log.heads([account])).toEqual([0]);
  });
});
