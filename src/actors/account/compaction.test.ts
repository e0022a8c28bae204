import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isThere } from "../../../test/engines.ts";
import { mongoAndRedis, type OpenStores, openEmbedded, type TestStores } from "../../../test/stores.ts";
import type { AccountCommand } from "../../domain/account/commands.ts";
import { anyCommand } from "../../domain/account/history.testing.ts";
import type { AccountId, MailboxId } from "../../domain/ids.ts";
import { done, failingStores, onlyCall } from "../../store/failing/failing-stores.ts";
import { realClock } from "../runtime/clock.ts";
import { TimeSlices } from "../runtime/time-slices.ts";
import { compact } from "./compaction.ts";
import { accountAt, BeforeHistory } from "./history.ts";
import type { ChangeCommand, MailboxList } from "./requests.ts";
import { newAccount, shardsOn, type TestShard } from "./shard.testing.ts";

setDefaultTimeout(120_000);

const slices = new TimeSlices(realClock);
const mongo = await mongoAndRedis();
const kinds: [string, OpenStores][] = [["embedded", openEmbedded]];
if (typeof mongo === "function") kinds.push(["MongoDB and Redis", mongo]);
else if (!isThere(mongo as never)) describe("compaction on MongoDB", () => test.skip(mongo.missing, () => {}));

for (const [name, open] of kinds) {
  describe(`compaction: ${name}`, () => {
    let directory: string;
    let opened: TestStores;
    let account: AccountId;
    const { node, closeAll } = shardsOn(() => opened.stores);
    const histories = name === "embedded" ? 40 : 6;

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), "eider-compaction-"));
      opened = await open(directory);
      account = newAccount();
    });
    afterEach(async () => {
      await closeAll();
      await opened.close();
      rmSync(directory, { recursive: true, force: true });
    });
    const compactAll = (through = Number.MAX_SAFE_INTEGER, stores = opened.stores) =>
      compact(stores.log, account, { before: Date.now() + 1e9, through, worthwhile: 1, name: newAccount() }, slices);

    /** All that a client could ask about any of its past states: what vanished and what changed since. */
    async function answers(shard: TestShard): Promise<object> {
      const list = (await shard.shard.ask(account, { kind: "mailboxes" })) as MailboxList;
      const told: Record<string, unknown> = {};
      for (const { id, path, recent: _, ...facts } of list.mailboxes) {
        const past: unknown[] = [];
        for (let since = 0; since <= list.seq; since++) {
          const vanished = await shard.shard.ask(account, { kind: "readVanished", mailbox: id, since });
          const changed = await shard.shard.ask(account, {
            kind: "readColumns",
            mailbox: id,
            uids: [1, 0xffffffff],
            columns: ["modseq", "flags", "size", "date", "message"],
            changedSince: since,
          });
          past.push(vanished, changed);
        }
        told[`${id} ${path}`] = { facts, past };
      }
      return { seq: list.seq, used: list.used, quota: list.quota, subscriptions: [...list.subscriptions].sort(), told };
    }

    test(`${histories} histories: QRESYNC, CHANGEDSINCE and bytes are answered alike before and after, from the snapshot and from the base`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyCommand(6), { minLength: 5, maxLength: 25 }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (commands, share) => {
            account = newAccount();
            const one = node();
            await one.open(account);
            await one.change(account, "second", { kind: "createMailbox", path: "Trash", specialUse: "\\Trash" });
            const { mailboxes } = (await one.shard.ask(account, { kind: "mailboxes" })) as MailboxList;
            for (const [n, command] of commands.entries()) {
              const wish = asChange(command, mailboxes[n % 2]!.id);
              if (wish) await one.change(account, `r${n}`, wish);
            }
            const before = await answers(one);
            const mail = await one.inbox(account);
            const { seq } = before as { seq: number };
            await closeAll();
            const through = Math.max(1, Math.round(share * seq));
            expect(await compactAll(through)).toEqual({ base: through, trimmed: through - 1 });
            const two = node();
            expect(await answers(two)).toEqual(before);
            expect(await two.inbox(account)).toEqual(mail);
            await closeAll();
            await opened.stores.state.drop(account);
            const three = node();
            expect(await answers(three)).toEqual(before);
            expect(await three.inbox(account)).toEqual(mail);
            expect(three.faults).toEqual([]);
            await closeAll();
          },
        ),
        { numRuns: histories },
      );
    });

    /** Ten messages, one of them flagged, the third and the fourth expunged. */
    async function written(shard: TestShard): Promise<void> {
      await shard.open(account);
      for (let n = 1; n <= 10; n++) await shard.deliver(account, `m${n}`);
      const inbox = { path: "INBOX" };
      await shard.change(account, "f", {
        kind: "changeFlags",
        mailbox: inbox,
        uids: [2, 2],
        change: "add",
        flags: ["$Work"],
      });
      await shard.change(account, "x", { kind: "expunge", mailbox: inbox, uids: [3, 4], which: "any" });
    }

    test("a node that is behind the base finds out, jumps to it, tells its sessions, and its next append is one of the real log", async () => {
      const [one, two] = [node(), node()];
      await written(one);
      await two.inbox(account);
      two.shard.watch(account);
      for (let n = 11; n <= 20; n++) await one.deliver(account, `m${n}`);
      expect(await compactAll()).toEqual({ base: 23, trimmed: 22 });
      expect(await two.deliver(account, "late")).toMatchObject({ ok: true, seq: 24 });
      expect(two.lagged).toContain(account);
      const texts = (await two.inbox(account)).map(({ text }) => text.split("\r\n\r\n")[1]!.trim());
      const expected = [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20].map((n) => `m${n}`);
      expect(texts).toEqual([...expected, "late"]);
      expect((await node().inbox(account)).length).toBe(19);
      expect([...one.faults, ...two.faults]).toEqual([]);
    });

    test("requests done before the base are recognised when they come again, also from the base alone", async () => {
      const one = node();
      await written(one);
      await closeAll();
      await compactAll();
      await opened.stores.state.drop(account);
      const two = node();
      expect(await two.deliver(account, "m7")).toMatchObject({ ok: true, repeated: true });
      expect((await two.inbox(account)).length).toBe(8);
    });

    test("what was expunged can be restored from the base, and what was forgotten is gone", async () => {
      const one = node();
      await written(one);
      await closeAll();
      await compactAll();
      await opened.stores.state.drop(account);
      const two = node();
      const { mailboxes } = (await two.shard.ask(account, { kind: "mailboxes" })) as MailboxList;
      const from = mailboxes[0]!.id;
      const restore = { kind: "restore", from, uids: "all", to: { path: "INBOX" } } as const;
      expect(await two.change(account, "back", restore)).toMatchObject({ ok: true, seq: 14 });
      expect((await two.inbox(account)).slice(-2)).toEqual([
        { uid: 11, text: "Subject: m3\r\n\r\nm3\r\n" },
        { uid: 12, text: "Subject: m4\r\n\r\nm4\r\n" },
      ]);
      await two.change(account, "gone", { kind: "expunge", mailbox: { path: "INBOX" }, uids: [11, 11], which: "any" });
      await Bun.sleep(2);
      await closeAll();
      const three = node({ retention: 0 });
      await three.inbox(account);
      await three.deliver(account, "one more");
      await closeAll();
      expect(
        await opened.stores.log.bodies(
          account,
          [4, 5].map((seq) => ({ seq, index: 0 })),
        ),
      ).toEqual([null, expect.anything()]);
      const four = node();
      expect(await four.change(account, "again", restore)).toMatchObject({ ok: true, events: [] });
      expect((await four.inbox(account)).length).toBe(10);
    });

    test("whichever call fails, and however: nothing is lost meanwhile, and the next time it is done", async () => {
      for (const kind of ["refused", "answerLost"] as const) {
        for (let k = 1; ; k++) {
          account = newAccount();
          const one = node();
          await written(one);
          const before = await answers(one);
          const mail = await one.inbox(account);
          await closeAll();
          const failing = failingStores(opened.stores, onlyCall(k, kind));
          const failed = await compactAll(10, failing)
            .then(() => false)
            .catch(() => true);
          await opened.stores.state.drop(account);
          const two = node();
          expect(await answers(two)).toEqual(before);
          expect(await two.inbox(account)).toEqual(mail);
          await closeAll();
          failing.plan(() => done);
          await compactAll(10, failing);
          expect(await opened.stores.log.compaction(account)).toEqual({ base: 10, trimmed: 9 });
          await opened.stores.state.drop(account);
          const three = node();
          expect(await answers(three)).toEqual(before);
          expect(await three.inbox(account)).toEqual(mail);
          await closeAll();
          if (!failed) {
            expect(k).toBeGreaterThan(6);
            break;
          }
        }
      }
    });

    test("two nodes at it at once, and a third that writes, come to one log", async () => {
      const one = node();
      await written(one);
      const deliveries = Promise.all(Array.from({ length: 20 }, (_, n) => one.deliver(account, `during ${n}`)));
      await Promise.all([compactAll(7), compactAll(9), compactAll(9)]);
      await deliveries;
      const mail = await one.inbox(account);
      expect(mail.length).toBe(28);
      await closeAll();
      await compactAll(9);
      expect(await opened.stores.log.compaction(account)).toEqual({ base: 9, trimmed: 8 });
      await opened.stores.state.drop(account);
      expect(await node().inbox(account)).toEqual(mail);
    });

    test("the account at every point since the base, and none before it", async () => {
      const one = node();
      await written(one);
      await closeAll();
      const whole = await Promise.all(
        Array.from({ length: 14 }, async (_, seq) => (await accountAt(opened.stores, account, { seq })).account),
      );
      expect(whole.map(({ seq, mailboxes }) => [seq, [...mailboxes.values()][0]?.messages ?? 0])).toEqual(
        [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 8].map((messages, seq) => [seq, messages]),
      );
      await compactAll(6);
      for (const seq of [6, 9, 13]) {
        const { account: again, places, at } = await accountAt(opened.stores, account, { seq });
        expect(again.checksum).toEqual(whole[seq]!.checksum);
        expect(places.size).toBe(Math.min(seq - 1, 10));
        expect(at).toBeGreaterThan(0);
      }
      const early = (point: Parameters<typeof accountAt>[2]) =>
        accountAt(opened.stores, account, point)
          .then(() => null)
          .catch((error: unknown) => error);
      expect(await early({ seq: 5 })).toBeInstanceOf(BeforeHistory);
      expect(await early({ time: 1000 })).toBeInstanceOf(BeforeHistory);
      expect((await accountAt(opened.stores, account, { time: Date.now() + 1000 })).account.seq).toBe(13);
      expect((await accountAt(opened.stores, account, { seq: 999 })).account.seq).toBe(13);
    });

    test("a shard compacts by itself what is old enough, once it is worth it", async () => {
      const one = node({ logRetention: 100 });
      await one.open(account);
      await one.deliver(account, "m");
      for (let n = 0; n < 1100; n += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, at) => one.change(account, `s${n + at}`, flagging(n + at))));
        await Bun.sleep(0);
      }
      const { seq } = (await one.shard.ask(account, { kind: "mailboxes" })) as MailboxList;
      for (let n = seq; n < 520; n++) await one.change(account, `t${n}`, flagging(n));
      let compaction = { base: 0, trimmed: 0 };
      for (let wait = 0; wait < 300 && compaction.trimmed === 0; wait++) {
        await Bun.sleep(100);
        compaction = await opened.stores.log.compaction(account);
      }
      expect(compaction.base).toBeGreaterThanOrEqual(500);
      expect((await one.inbox(account)).length).toBe(1);
      expect(one.faults).toEqual([]);
    });
  });
}

function flagging(n: number): ChangeCommand {
  const change = n % 2 === 0 ? "add" : "remove";
  return { kind: "changeFlags", mailbox: { path: "INBOX" }, uids: [1, 1], change, flags: ["\\Seen"] };
}

/** A command of a drawn history, as it is asked of an actor. */
function asChange(command: AccountCommand, departedFrom: MailboxId): ChangeCommand | null {
  switch (command.kind) {
    case "append": {
      const { kind, mailbox, flags, internalDate, message } = command;
      const size = command.content[0]!.kind === "literal" ? 0 : command.content[0]!.size;
      const bytes = Buffer.from(`Subject: ${message}\r\n\r\n${"x".repeat(size)}`);
      return { kind, mailbox, flags, internalDate, source: { kind: "bytes", bytes } };
    }
    case "createMailbox":
      return { kind: "createMailbox", path: command.path };
    case "renameMailbox":
      return { kind: "renameMailbox", from: command.from, path: command.path };
    case "restore":
      return { ...command, from: departedFrom };
    case "openAccount":
      return null;
    default:
      return command;
  }
}
