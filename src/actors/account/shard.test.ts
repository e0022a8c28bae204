import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../../../test/eventually.ts";
import type { AccountId } from "../../domain/ids.ts";
import { done, type FailingStores, onlyCall, type StoreCall } from "../../store/failing/failing-stores.ts";
import { LocalHints } from "../../store/local/hints.ts";
import type { Stores } from "../../store/stores.ts";
import { realClock } from "../runtime/clock.ts";
import type { AccountFacts } from "./requests.ts";
import { newAccount, shardsOnFailingStores } from "./shard.testing.ts";
import { usualPace } from "./shard-pace.ts";

const isAppend = ({ method }: StoreCall): boolean => method === "append";

describe("shard", () => {
  let stores: FailingStores;
  let account: AccountId;
  const { begin, node, end } = shardsOnFailingStores();

  beforeEach(() => {
    stores = begin();
    account = newAccount();
  });
  afterEach(end);

  test("deliveries that come together are one append, announced before they are answered", async () => {
    const one = node();
    await one.open(account);
    one.shard.watch(account);
    const before = stores.calls.filter(isAppend).length;
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const outcome = await one.deliver(account, `m${n}`);
        expect(one.heard.some(({ transactions }) => transactions.some(({ request }) => request === `m${n}`))).toBe(
          true,
        );
        return outcome;
      }),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(stores.calls.filter(isAppend).length - before).toBe(1);
    expect((await one.inbox(account)).map(({ uid }) => uid)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  test("the same request again is answered and not done again, also by another node, also after a restart", async () => {
    const one = node();
    await one.open(account);
    const first = await one.deliver(account, "once");
    const again = await one.deliver(account, "once");
    expect(again).toEqual({ ...first, repeated: true } as never);
    const both = await Promise.all([one.deliver(account, "twin"), one.deliver(account, "twin")]);
    expect(both.map((outcome) => outcome.ok && outcome.repeated === true)).toEqual([false, true]);
    await one.shard.close();
    const restarted = node();
    expect(await restarted.deliver(account, "once")).toMatchObject({ ok: true, repeated: true });
    expect((await restarted.inbox(account)).length).toBe(2);
  });

  test("two nodes that write to one account both succeed, and every UID is given once", async () => {
    const [one, two] = [node(), node()];
    await one.open(account);
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 2 ? one : two).deliver(account, `m${n}`)),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    const three = node();
    const inbox = await three.inbox(account);
    expect(inbox.map(({ uid }) => uid)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    expect(new Set(inbox.map(({ text }) => text)).size).toBe(60);
    expect([...one.faults, ...two.faults]).toEqual([]);
  });

  test("an append whose answer was lost is recognised: once, and said to be done", async () => {
    const one = node();
    await one.open(account);
    stores.plan(onlyCall(1, "answerLost", isAppend));
    expect(await one.deliver(account, "lost")).toMatchObject({ ok: true });
    expect((await one.inbox(account)).length).toBe(1);
  });

  test("an append that stays without an answer is refused, and the retry is the same message", async () => {
    const one = node({ appendDeadline: 50 });
    await one.open(account);
    stores.plan((call) => (isAppend(call) ? { kind: "answerLost" } : done));
    expect(await one.deliver(account, "limbo")).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
    stores.plan(() => done);
    expect(await one.deliver(account, "limbo")).toMatchObject({ ok: true, repeated: true });
    expect((await one.inbox(account)).length).toBe(1);
  });

  test("with the store away what is in memory is read on, and what was kept without an answer shows when it is back", async () => {
    const one = node({ appendDeadline: 50, hints: new LocalHints(realClock) });
    await one.open(account);
    await one.deliver(account, "before");
    one.shard.watch(account);
    stores.plan((call) => (isAppend(call) ? { kind: "answerLost" } : { kind: "refused" }));
    const heard = one.heard.length;
    const outcomes = await Promise.all([one.deliver(account, "limbo"), one.deliver(account, "limbo too")]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
    const opened = { kind: "openMailbox", mailbox: { path: "INBOX" }, claimRecent: false } as const;
    expect(await one.shard.ask(account, opened)).toMatchObject({ ok: true, mailbox: { messages: 1 } });
    expect(one.heard.length).toBe(heard);
    stores.plan(() => done);
    while (one.heard.length === heard) await Bun.sleep(10);
    expect(await one.shard.ask(account, opened)).toMatchObject({ ok: true, mailbox: { messages: 3 } });
    expect(await one.deliver(account, "limbo")).toMatchObject({ ok: true, repeated: true });
    expect(one.faults).toEqual([]);
  });

  test("a full disk refuses at once, keeps nothing, and the next one is taken when there is room", async () => {
    const one = node();
    await one.open(account);
    stores.plan(onlyCall(1, "refused", isAppend));
    expect(await one.deliver(account, "full")).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
    expect((await one.inbox(account)).length).toBe(0);
    expect(await one.deliver(account, "room")).toMatchObject({ ok: true });
  });

  test("whichever call of the store fails, and however, what was acknowledged is there once, and nothing else", async () => {
    for (const kind of ["refused", "answerLost"] as const) {
      for (let k = 1; ; k++) {
        const user = newAccount();
        stores.plan(onlyCall(k, kind));
        const before = stores.calls.length;
        const one = node({ appendDeadline: 100 });
        const acknowledged: string[] = [];
        const asked: string[] = [];
        if ((await one.open(user)).ok) {
          for (const request of ["a", "b", "c"]) {
            asked.push(request);
            if ((await one.deliver(user, request)).ok) acknowledged.push(request);
            await one.inbox(user).catch(() => []);
          }
          await one.shard.close();
        }
        const made = stores.calls.length - before;
        stores.plan(() => done);
        const reader = node();
        const opened = await reader.open(user);
        const kept = (await reader.inbox(user)).map(({ text }) => text.split("\r\n\r\n")[1]!.trim());
        for (const request of acknowledged) expect(kept.filter((text) => text === request)).toEqual([request]);
        expect(new Set(kept).size).toBe(kept.length);
        expect(kept.every((text) => asked.includes(text))).toBe(true);
        expect(opened.ok || opened.refusal.kind === "accountExists").toBe(true);
        if (made < k) break;
      }
    }
  }, 60_000);

  test("the appends of many accounts that come together are one call of the store", async () => {
    const one = node();
    const accounts = Array.from({ length: 30 }, newAccount);
    await Promise.all(accounts.map((each) => one.open(each)));
    const before = stores.calls.filter(isAppend).length;
    const outcomes = await Promise.all(accounts.map((each) => one.deliver(each, "m")));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(stores.calls.filter(isAppend).length - before).toBe(1);
  });

  test("a request refused for its content changes nothing, and the others of its batch stand", async () => {
    const one = node();
    await one.open(account, 100);
    const small = "S: 1\r\n\r\nx\r\n";
    const outcomes = await Promise.all([
      one.deliver(account, "fits", small),
      one.deliver(account, "too much", "x".repeat(200)),
      one.deliver(account, "fits too", small),
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(outcomes[1]).toMatchObject({ refusal: { kind: "overQuota", quota: 100 } });
    const facts = (await one.shard.ask(account, { kind: "catchUp" })) as AccountFacts;
    expect(facts.used).toBe(2 * small.length);
    expect((await one.inbox(account)).map(({ text }) => text)).toEqual([small, small]);
  });

  test("several commands in one request are all or nothing, in one entry", async () => {
    const one = node();
    await one.open(account);
    await one.deliver(account, "m");
    const inbox = { path: "INBOX" };
    const refused = await one.change(account, "both", {
      kind: "batch",
      commands: [
        { kind: "changeFlags", mailbox: inbox, uids: [1, 1], change: "add", flags: ["\\Seen"] },
        { kind: "copy", mailbox: inbox, uids: [1, 1], to: { path: "Nowhere" } },
      ],
    });
    expect(refused).toMatchObject({ ok: false, refusal: { kind: "noSuchMailbox" } });
    const taken = await one.change(account, "both again", {
      kind: "batch",
      commands: [
        { kind: "createMailbox", path: "Somewhere" },
        { kind: "move", mailbox: inbox, uids: [1, 1], to: { path: "Somewhere" } },
      ],
    });
    expect(taken).toMatchObject({ ok: true, seq: 3 });
    expect(await one.inbox(account)).toEqual([]);
  });

  test("what one node appends is seen on the other by hint, and by asking where the hint is lost", async () => {
    const hints = new LocalHints(realClock);
    const [one, two] = [node({ hints }), node({ hints })];
    await one.open(account);
    await two.inbox(account);
    two.shard.watch(account);
    await one.deliver(account, "hinted");
    expect(two.heard.map(({ transactions }) => transactions[0]!.request as string)).toEqual(["hinted"]);
    const deaf = node({ hints: new LocalHints(realClock) });
    expect((await deaf.inbox(account)).length).toBe(1);
    await one.deliver(account, "unheard");
    expect((await deaf.inbox(account)).length).toBe(2);
  });

  test("what changes nothing, or is refused, is so on the newest state and not only on this node's", async () => {
    const [one, two] = [node(), node()];
    await one.open(account);
    await one.deliver(account, "m");
    const { uid } = (await two.inbox(account))[0]!;
    const flags = (change: "add" | "remove") =>
      ({ kind: "changeFlags", mailbox: { path: "INBOX" }, uids: [uid, uid], change, flags: ["\\Seen"] }) as const;
    expect(await two.change(account, "seen", flags("add"))).toMatchObject({ ok: true, seq: 3 });
    expect(await one.change(account, "unseen", flags("remove"))).toMatchObject({ ok: true, seq: 4 });
    // By what this node knew it is seen already.
    expect(await two.change(account, "seen again", flags("add"))).toMatchObject({ ok: true, seq: 5 });
    await one.change(account, "folder", { kind: "createMailbox", path: "F" });
    const there = { kind: "subscribe", path: "INBOX" } as const;
    expect(await two.change(account, "no news", there)).toMatchObject({ ok: true, seq: 6, events: [] });
    await one.change(account, "quota", { kind: "setQuota", bytes: 1 });
    await two.shard.ask(account, { kind: "catchUp" });
    expect(await two.deliver(account, "too much")).toMatchObject({ ok: false, refusal: { kind: "overQuota" } });
    await one.change(account, "more", { kind: "setQuota", bytes: 1000 });
    expect(await two.deliver(account, "enough")).toMatchObject({ ok: true });
    // Without the store nobody knows.
    stores.plan((call) => (call.port === "log" ? { kind: "refused" } : done));
    expect(await two.change(account, "away", there)).toMatchObject({ ok: false, refusal: { kind: "unavailable" } });
  });

  test("news comes in while what is behind the log is being written, however long that takes", async () => {
    const written = Promise.withResolvers<void>();
    stores.plan((call) =>
      call.port === "state" && call.method === "saveMessages" ? { kind: "held", release: written.promise } : done,
    );
    const one = node();
    const two = node({ hints: new LocalHints(realClock), pace: { ...usualPace, tick: 10, quiet: 0, poll: 10 } });
    const held = () => stores.calls.some(({ port, method }) => port === "state" && method === "saveMessages");
    await two.open(account);
    await two.deliver(account, "here");
    two.shard.watch(account);
    await eventually("it is written behind", async () => held());
    await one.deliver(account, "elsewhere");
    await eventually("it is heard of", async () => two.heard.some(({ seq }) => seq === 3));
    written.resolve();
  });

  test("who asks for what is new is not answered by a read that began before", async () => {
    const held = Promise.withResolvers<void>();
    let next: "quick" | "held" | "under way" = "quick";
    const slow: Stores = {
      ...stores,
      log: {
        ...stores.log,
        read: async (...args) => {
          const answer = await stores.log.read(...args);
          if (next === "held") {
            next = "under way";
            await held.promise;
          }
          return answer;
        },
      },
    };
    const one = node();
    await one.open(account);
    const two = node({ hints: new LocalHints(realClock) }, slow);
    await two.shard.ask(account, { kind: "mailboxes" });
    next = "held";
    const first = two.shard.ask(account, { kind: "catchUp" });
    await eventually("the first read is under way", async () => next === "under way");
    await one.deliver(account, "after it began");
    const second = two.shard.ask(account, { kind: "catchUp" });
    held.resolve();
    await first;
    expect(await second).toMatchObject({ seq: 2 });
  });

  test("a queue that is full refuses as busy, and what was taken is done", async () => {
    const one = node({ queue: 5 });
    await one.open(account);
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    stores.plan((call) => (isAppend(call) ? { kind: "held", release: released } : done));
    const first = one.deliver(account, "first");
    while (stores.calls.filter(isAppend).length < 2) await Bun.sleep(0);
    const more = Array.from({ length: 8 }, (_, n) => one.deliver(account, `m${n}`));
    await Bun.sleep(0);
    release();
    const outcomes = await Promise.all([first, ...more]);
    expect(outcomes.filter(({ ok }) => ok).length).toBe(6);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.refusal.kind === "busy").length).toBe(3);
    expect((await one.inbox(account)).length).toBe(6);
  });

  test("an expunged message's blobs go when nothing is left of it, and not before", async () => {
    const one = node({ retention: 0 });
    await one.open(account);
    const large = `Subject: large\r\n\r\n${"x".repeat(300_000)}\r\n`;
    await one.shard.ask(account, { kind: "uploadBegin", upload: "u" });
    await one.shard.ask(account, { kind: "uploadWrite", upload: "u", bytes: Buffer.from(large) });
    const stored = await one.change(account, "large", {
      kind: "append",
      mailbox: { path: "INBOX" },
      flags: [],
      source: { kind: "upload", upload: "u", prefix: Buffer.from("X: 1\r\n") },
    });
    expect(stored.ok).toBe(true);
    await one.change(account, "copy", {
      kind: "copy",
      mailbox: { path: "INBOX" },
      uids: [1, 1],
      to: { path: "INBOX" },
    });
    const expunge = (request: string, uid: number) =>
      one.change(account, request, { kind: "expunge", mailbox: { path: "INBOX" }, uids: [uid, uid], which: "any" });
    const tomorrow = Date.now() + 2 * 86_400_000;
    await expunge("first", 1);
    await one.shard.close();
    expect((await stores.blobs.sweep(tomorrow)).deleted).toBe(0);
    const two = node({ retention: 0 });
    expect((await two.inbox(account)).map(({ text }) => text)).toEqual([`X: 1\r\n${large}`]);
    await two.change(account, "second", { kind: "expunge", mailbox: { path: "INBOX" }, uids: "all", which: "any" });
    await Bun.sleep(2);
    await two.shard.close();
    expect((await stores.blobs.sweep(tomorrow)).deleted).toBeGreaterThan(0);
  });
});
