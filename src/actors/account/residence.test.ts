import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../../../test/eventually.ts";
import type { AccountId } from "../../domain/ids.ts";
import { done, type FailingStores, type StoreCall } from "../../store/failing/failing-stores.ts";
import { newAccount, shardsOnFailingStores, type TestShard } from "./shard.testing.ts";

/** How actors come and go: passivation, failure, and the way back from the store. */
describe("residence", () => {
  let stores: FailingStores;
  const { begin, node, end } = shardsOnFailingStores();
  const subjects = async (on: TestShard, account: AccountId): Promise<string[]> =>
    (await on.inbox(account)).map(({ text }) => /^Subject: (.*)\r$/m.exec(text)![1]!);
  const calls = (port: StoreCall["port"], method: string): StoreCall[] =>
    stores.calls.filter((call) => call.port === port && call.method === method);

  beforeEach(() => {
    stores = begin();
  });
  afterEach(end);

  test("accounts beyond the memory given are passivated, longest idle first, and come back as they were", async () => {
    // Half of it is for actors; an empty one weighs some 18 KB.
    const one = node({ memory: 160 * 1024 });
    const accounts = Array.from({ length: 12 }, newAccount);
    for (const [n, account] of accounts.entries()) {
      await one.open(account);
      await one.deliver(account, `m${n}`);
    }
    await eventually("the shard has made room", async () => one.shard.stats().actors <= 4);
    expect(one.shard.stats().actors).toBeGreaterThan(0);
    // What was passivated is in the store, and starts from there: no entry is read again.
    expect((await stores.state.loadSnapshot(accounts[0]!))?.seq).toBe(2);
    expect(await stores.state.loadSnapshot(accounts.at(-1)!)).toBeNull();
    const read = calls("log", "read").length;
    expect(await subjects(one, accounts[0]!)).toEqual(["m0"]);
    expect(
      calls("log", "read")
        .slice(read)
        .map(({ args }) => args[1]),
    ).toEqual([2]);
    for (const [n, account] of accounts.entries()) {
      expect(await subjects(one, account)).toEqual([`m${n}`]);
      expect(await one.deliver(account, `m${n}`)).toMatchObject({ ok: true, repeated: true });
    }
    expect(one.faults).toEqual([]);
  }, 20_000);

  test("what an account remembers of its requests counts as its memory", async () => {
    const one = node({ memory: 160 * 1024 });
    const account = newAccount();
    await one.open(account);
    await one.deliver(account, "m");
    for (let n = 0; n < 200; n++) {
      const change = n % 2 === 0 ? "add" : "remove";
      const flagging = {
        kind: "changeFlags",
        mailbox: { path: "INBOX" },
        uids: [1, 1],
        change,
        flags: ["\\Seen"],
      } as const;
      await one.change(account, `flag ${n}`, flagging);
    }
    await eventually("the shard has made room", async () => one.shard.stats().actors === 0);
    expect(await one.deliver(account, "m")).toMatchObject({ ok: true, repeated: true });
  }, 20_000);

  test("an account whose state cannot be written stays, and is passivated when it can be", async () => {
    const one = node({ memory: 32 * 1024 });
    const accounts = Array.from({ length: 3 }, newAccount);
    for (const account of accounts) {
      await one.open(account);
      await one.deliver(account, "m");
    }
    stores.plan((call) => (call.port === "state" && call.method.startsWith("save") ? { kind: "refused" } : done));
    const before = calls("state", "saveMessages").length;
    await eventually("it has tried", async () => calls("state", "saveMessages").length > before);
    expect(one.shard.stats().actors).toBe(3);
    stores.plan(() => done);
    await eventually("there is room", async () => one.shard.stats().actors < 3);
    for (const account of accounts) expect(await subjects(one, account)).toEqual(["m"]);
  }, 20_000);

  test("an actor starts from its snapshot and the log behind it, however far the snapshot lags", async () => {
    const account = newAccount();
    const one = node();
    await one.open(account);
    await one.deliver(account, "early");
    await one.shard.close();
    expect((await stores.state.loadSnapshot(account))?.seq).toBe(2);
    // A node that dies: it never writes behind.
    const dying = node();
    for (let n = 0; n < 30; n++) await dying.deliver(account, `late ${n}`);
    expect((await stores.state.loadSnapshot(account))?.seq).toBe(2);
    const read = calls("log", "read").length;
    const two = node();
    expect(await subjects(two, account)).toEqual(["early", ...Array.from({ length: 30 }, (_, n) => `late ${n}`)]);
    expect(calls("log", "read").slice(read)[0]!.args[1]).toBe(2);
    expect(await two.deliver(account, "late 7")).toMatchObject({ ok: true, repeated: true });
  });

  test("an exception in an actor costs its state, is logged, and the next request rebuilds it", async () => {
    const account = newAccount();
    const other = newAccount();
    const one = node();
    await one.open(account);
    await one.open(other);
    await one.deliver(account, "before");
    stores.plan((call) => {
      const its = call.method === "append" && (call.args[0] as { account: AccountId }[])[0]?.account === account;
      return its ? { kind: "refused", error: new TypeError("a fault of ours") } : done;
    });
    expect(await one.deliver(account, "struck")).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
    expect(one.faults).toEqual(["account actor failed; it will be rebuilt from the log"]);
    expect(await one.deliver(other, "unharmed")).toMatchObject({ ok: true });
    stores.plan(() => done);
    expect(await one.deliver(account, "after")).toMatchObject({ ok: true });
    expect(await subjects(one, account)).toEqual(["before", "after"]);
  });

  test("an entry that does not lead to the checksum it was appended with is an alarm, and is never served", async () => {
    const account = newAccount();
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    const [, entry] = await stores.log.read(account, 0, 10, "bodies");
    const wrong = {
      ...entry!,
      seq: 3,
      batch: "wrong",
      checksum: entry!.checksum.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
    };
    expect(await stores.log.append([wrong])).toEqual(["appended"]);
    const served = await node()
      .inbox(account)
      .then(
        () => "served",
        (error: Error) => error.message,
      );
    expect(served).toContain("its checksum differs from the log's at entry 3");
    expect(await one.deliver(account, "next")).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
    expect(one.faults).toEqual(["account actor failed; it will be rebuilt from the log"]);
  });
});
