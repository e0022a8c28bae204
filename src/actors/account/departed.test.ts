import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { AccountId } from "../../domain/ids.ts";
import { done, type FailingStores, onlyCall } from "../../store/failing/failing-stores.ts";
import type { DepartedList, MailboxList, Restored } from "./requests.ts";
import { newAccount, shardsOnFailingStores, type TestShard, testShard } from "./shard.testing.ts";

setDefaultTimeout(60_000);

describe("departed mail", () => {
  let stores: FailingStores;
  let account: AccountId;
  const { begin, node, closeAll, end } = shardsOnFailingStores();
  beforeEach(() => {
    stores = begin();
    account = newAccount();
  });
  afterEach(end);

  const expunge = (shard: TestShard, request: string, uids: readonly number[] | "all") =>
    shard.change(account, request, { kind: "expunge", mailbox: { path: "INBOX" }, uids, which: "any" });
  const list = (shard: TestShard) => shard.shard.ask(account, { kind: "listDeparted" }) as Promise<DepartedList>;
  const restore = (shard: TestShard, request: string, most = 100) =>
    shard.shard.ask(account, { kind: "restoreDeparted", request: request as never, most }) as Promise<Restored>;
  const large = `Subject: large\r\n\r\n${"x".repeat(200_000)}\r\n`;
  async function deliverLarge(shard: TestShard): Promise<void> {
    await shard.shard.ask(account, { kind: "uploadBegin", upload: "u" });
    await shard.shard.ask(account, { kind: "uploadWrite", upload: "u", bytes: Buffer.from(large) });
    const source = { kind: "upload", upload: "u" } as const;
    await shard.change(account, "large", { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
  }

  test("a restore that is asked for again under its request is answered and not done again", async () => {
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    await expunge(one, "x", "all");
    const first = await restore(one, "back");
    expect(first.messages).toMatchObject([{ old: 1, uid: 2 }]);
    expect(await restore(one, "back")).toEqual(first);
    expect((await restore(one, "once more")).messages).toEqual([]);
    expect((await one.inbox(account)).map(({ uid }) => uid)).toEqual([2]);
  });

  test("large sets come back in steps, each of them one entry", async () => {
    const one = node();
    await one.open(account);
    await Promise.all(Array.from({ length: 50 }, (_, n) => one.deliver(account, `m${n}`)));
    await expunge(one, "x", "all");
    const rests: number[] = [];
    for (let step = 0; ; step++) {
      const { rest, messages } = await restore(one, `step ${step}`, 20);
      rests.push(rest);
      if (messages.length === 0) break;
    }
    expect(rests).toEqual([30, 10, 0, 0]);
    expect((await one.inbox(account)).length).toBe(50);
  });

  test("two nodes that restore at once bring each message back once", async () => {
    const [one, two] = [node(), node()];
    await one.open(account);
    for (let n = 0; n < 5; n++) await one.deliver(account, `m${n}`);
    await expunge(one, "x", "all");
    await two.inbox(account);
    const [first, second] = await Promise.all([restore(one, "one"), restore(two, "two")]);
    expect(first!.messages.length + second!.messages.length).toBe(5);
    expect((await node().inbox(account)).length).toBe(5);
  });

  test("of a node that forgets and one that restores, one comes first, and no message is without its bytes", async () => {
    for (let round = 0; round < 10; round++) {
      account = newAccount();
      const keeps = node();
      await keeps.open(account);
      await keeps.deliver(account, "small");
      await deliverLarge(keeps);
      await expunge(keeps, "x", "all");
      const forgets = testShard(stores, { retention: 0 });
      await forgets.inbox(account);
      await Bun.sleep(2);
      const [restored] = await Promise.all([
        restore(keeps, "back"),
        forgets.deliver(account, "one more").then(() => forgets.shard.close()),
      ]);
      await stores.blobs.sweep(Date.now() + 2 * 86_400_000);
      const mail = await node().inbox(account);
      const texts = mail.map(({ text }) => text).filter((text) => !text.includes("one more"));
      expect(texts).toEqual(restored.messages.length === 2 ? ["Subject: small\r\n\r\nsmall\r\n", large] : []);
      await closeAll();
    }
  });

  test("whichever call fails while mail is forgotten, what lives keeps its bytes, and the next time all of it is let go", async () => {
    for (const kind of ["refused", "answerLost"] as const) {
      for (let k = 1; ; k++) {
        account = newAccount();
        const one = node();
        await one.open(account);
        await one.deliver(account, "stays");
        await one.deliver(account, "goes");
        await deliverLarge(one);
        await one.change(account, "copy", {
          kind: "copy",
          mailbox: { path: "INBOX" },
          uids: [1, 1],
          to: { path: "INBOX" },
        });
        await expunge(one, "x", [1, 3]);
        await closeAll();
        await Bun.sleep(2);
        const before = stores.calls.length;
        const two = node({ retention: 0, appendDeadline: 50 });
        expect((await two.inbox(account)).length).toBe(1);
        await two.deliver(account, "wakes it");
        const opened = stores.calls.length;
        stores.plan(onlyCall(k, kind));
        await closeAll();
        const failed = stores.calls.length - opened >= k;
        stores.plan(() => done);
        expect(opened).toBeGreaterThan(before);
        const three = node({ retention: 0 });
        expect((await three.inbox(account)).map(({ uid }) => uid)).toEqual([4, 5]);
        await three.deliver(account, "wakes it again");
        await closeAll();
        expect((await node().inbox(account)).map(({ text }) => text)[0]).toBe("Subject: stays\r\n\r\nstays\r\n");
        const bodies = await stores.log.bodies(
          account,
          [2, 3].map((seq) => ({ seq, index: 0 })),
        );
        expect(bodies.map((body) => body === null)).toEqual([false, true]);
        expect((await stores.blobs.sweep(Date.now() + 2 * 86_400_000)).deleted).toBeGreaterThan(0);
        await closeAll();
        if (!failed) {
          expect(k).toBeGreaterThan(5);
          break;
        }
      }
    }
  });

  test("what is too old is not offered any more, even before it is forgotten", async () => {
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    await expunge(one, "x", "all");
    expect((await list(one)).numbers).toEqual(Uint32Array.of(1));
    const strict = node({ retention: 0 });
    await Bun.sleep(2);
    expect((await list(strict)).numbers).toEqual(new Uint32Array(0));
    expect((await restore(strict, "late")).messages).toEqual([]);
  });

  test("what was brought back is not to be forgotten, again and again", async () => {
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    await expunge(one, "x", "all");
    await restore(one, "back");
    await closeAll();
    const two = node({ retention: 1 });
    expect((await two.inbox(account)).length).toBe(1);
    const saves = () => stores.calls.filter(({ method }) => method === "saveSnapshot").length;
    const before = saves();
    // A few rounds of the shard's looking after its accounts.
    await Bun.sleep(4000);
    expect(saves() - before).toBeLessThanOrEqual(1);
    expect(await stores.log.heads([account])).toEqual([4]);
  });

  test("deleted mailboxes come back, and mail of those that are still there under the name they have now", async () => {
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    await one.change(account, "c", { kind: "createMailbox", path: "Past" });
    await one.change(account, "c2", { kind: "createMailbox", path: "Work" });
    const to = { path: "Work" };
    await one.change(account, "mv", { kind: "move", mailbox: { path: "INBOX" }, uids: [1, 1], to });
    await one.change(account, "x", { kind: "expunge", mailbox: to, uids: "all", which: "any" });
    await one.change(account, "rn", { kind: "renameMailbox", from: to, path: "Job" });
    await one.change(account, "d", { kind: "deleteMailbox", mailbox: { path: "Past" } });
    expect((await restore(one, "back")).mailboxes).toHaveLength(1);
    const { mailboxes } = (await one.shard.ask(account, { kind: "mailboxes" })) as MailboxList;
    expect(mailboxes.map(({ path, messages, specialUse }) => [path, messages, specialUse]).sort()).toEqual([
      ["INBOX", 0, null],
      ["Job", 1, null],
      ["Past", 0, null],
    ]);
  });
});
