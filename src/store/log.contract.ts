import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountEvent, LogEntry } from "../domain/account/events.ts";
import {
  blobIdOf,
  bytesOf,
  entryOf,
  newAccountId,
  newMailboxId,
  newMessageId,
  newRequestId,
  plain,
  textBytes,
} from "./contract-fixtures.ts";
import { type Log, LogCompacted } from "./log.ts";

/** The laws of `Log`, on any implementation; `open` is called once. */
export function logContract(name: string, open: () => Promise<{ log: Log; close(): Promise<void> }>): void {
  describe(`Log contract: ${name}`, () => {
    let log: Log;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ log, close } = await open());
    });
    afterAll(() => close());

    /** Entries 1 … count of a fresh account, in the log. */
    async function written(count: number): Promise<LogEntry[]> {
      const account = newAccountId();
      const entries = Array.from({ length: count }, (_, at) =>
        entryOf(account, at + 1, { bodies: [bytesOf(10 + at, at)] }),
      );
      for (const entry of entries) expect(await log.append([entry])).toEqual(["appended"]);
      return entries;
    }

    test("consecutive entries of one account go together, and again after some of them were kept", async () => {
      const account = newAccountId();
      const entries = Array.from({ length: 40 }, (_, at) =>
        entryOf(account, at + 1, { bodies: [bytesOf(50 + at, at)] }),
      );
      await log.append([entries[3]!]);
      await log.append([entries[17]!, entries[30]!]);
      for (let attempt = 0; attempt < 2; attempt++)
        expect(await log.append(entries)).toEqual(entries.map(() => "appended"));
      expect((await log.read(account, 0, 100, "bodies")).map(plain)).toEqual(entries.map(plain));
      expect(await log.heads([account])).toEqual([40]);
      const foreign = entryOf(account, 5);
      expect(await log.append([foreign, entryOf(account, 41)])).toEqual(["conflict", "appended"]);
    });

    test("read gives back what append was given, every kind of event and value included", async () => {
      const account = newAccountId();
      const mailbox = newMailboxId();
      const to = newMailboxId();
      const events: AccountEvent[] = [
        { kind: "quotaSet", bytes: 2 ** 50 },
        { kind: "mailboxCreated", mailbox, path: "Päivä/日本/😀 $a.b", uidValidity: 4294967295, specialUse: null },
        { kind: "mailboxCreated", mailbox: to, path: "Sent", uidValidity: 1, specialUse: "\\Sent" },
        { kind: "mailboxRenamed", mailbox, path: "" },
        { kind: "specialUseSet", mailbox, specialUse: null },
        { kind: "subscribed", path: "x" },
        { kind: "unsubscribed", path: "x" },
        {
          kind: "appended",
          mailbox,
          uid: 4294967295,
          message: newMessageId(),
          size: 2 ** 33 + 1,
          internalDate: -86_400_000,
          flags: ["\\Seen", "$Forwarded", "key.word"],
          content: [
            { kind: "literal", bytes: bytesOf(700) },
            { kind: "literal", bytes: new Uint8Array(0) },
            { kind: "inline", index: 0, size: 3 },
            { kind: "blob", blob: blobIdOf(textBytes("blob")), size: 2 ** 33 },
          ],
        },
        { kind: "flagsChanged", mailbox, uids: [1, 4294967295], change: "replace", flags: [] },
        { kind: "copied", mailbox, uids: [1, 1, 5, 9], to, firstUid: 2 ** 31 },
        { kind: "moved", mailbox, uids: [], to, firstUid: 7 },
        { kind: "expunged", mailbox, uids: [2, 2] },
        { kind: "mailboxDeleted", mailbox },
      ];
      const entry = entryOf(account, 1, {
        transactions: [
          { request: newRequestId(), events },
          { request: newRequestId(), events: [] },
        ],
        bodies: [textBytes("abc")],
      });
      expect(await log.append([entry])).toEqual(["appended"]);
      const [kept] = await log.read(account, 0, 10, "bodies");
      expect(plain(kept)).toEqual(plain(entry));
      const literal = kept!.transactions[0]!.events[7]!;
      if (literal.kind !== "appended" || literal.content[0]?.kind !== "literal")
        throw new Error("event 7 is the append");
      expect(literal.content[0].bytes).toBeInstanceOf(Uint8Array);
    });

    test("bodies come back byte for byte: empty, all 256 values, 1 MB", async () => {
      const account = newAccountId();
      const bodies = [new Uint8Array(0), bytesOf(256), bytesOf(1024 * 1024, 3), bytesOf(9).subarray(2, 5)];
      await log.append([entryOf(account, 1, { bodies })]);
      const [kept] = await log.read(account, 0, 1, "bodies");
      expect(kept!.bodies.map(blobIdOf)).toEqual(bodies.map(blobIdOf));
      const fetched = await log.bodies(account, [
        { seq: 1, index: 2 },
        { seq: 1, index: 0 },
      ]);
      expect(fetched.map((body) => blobIdOf(body!))).toEqual([blobIdOf(bodies[2]!), blobIdOf(bodies[0]!)]);
    });

    test("a reader that did not ask for bodies gets none", async () => {
      const [entry] = await written(1);
      const [kept] = await log.read(entry!.account, 0, 1, "no bodies");
      expect(plain(kept)).toEqual(plain({ ...entry, bodies: [] }));
    });

    test("read is ascending, begins above `after` and stops at `limit`", async () => {
      const entries = await written(12);
      const account = entries[0]!.account;
      const seqs = async (after: number, limit: number) =>
        (await log.read(account, after, limit, "no bodies")).map((entry) => entry.seq);
      expect(await seqs(0, 100)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(await seqs(0, 3)).toEqual([1, 2, 3]);
      expect(await seqs(9, 100)).toEqual([10, 11, 12]);
      expect(await seqs(4, 2)).toEqual([5, 6]);
      expect(await seqs(12, 5)).toEqual([]);
      expect(await seqs(99, 5)).toEqual([]);
      expect(await log.read(newAccountId(), 0, 5, "bodies")).toEqual([]);
    });

    test("of many who append the same seq at once exactly one is told `appended`, and it is theirs that is kept", async () => {
      const account = newAccountId();
      for (let seq = 1; seq <= 5; seq++) {
        const rivals = Array.from({ length: 12 }, () => entryOf(account, seq));
        const results = await Promise.all(rivals.map((entry) => log.append([entry])));
        const winners = rivals.filter((_, at) => results[at]![0] === "appended");
        expect(winners).toHaveLength(1);
        expect(results.flat().filter((result) => result === "conflict")).toHaveLength(11);
        const kept = await log.read(account, seq - 1, 2, "bodies");
        expect(kept.map((entry) => entry.batch)).toEqual([winners[0]!.batch]);
      }
    });

    test("a conflict of one account leaves the others of the same call alone, and results are in order", async () => {
      const taken = await written(1);
      const before = entryOf(newAccountId(), 1);
      const after = entryOf(newAccountId(), 1);
      const results = await log.append([before, entryOf(taken[0]!.account, 1), after, entryOf(taken[0]!.account, 2)]);
      expect(results).toEqual(["appended", "conflict", "appended", "appended"]);
      expect((await log.read(before.account, 0, 9, "bodies"))[0]!.batch).toBe(before.batch);
      expect((await log.read(after.account, 0, 9, "bodies"))[0]!.batch).toBe(after.batch);
      expect((await log.read(taken[0]!.account, 0, 1, "bodies"))[0]!.batch).toBe(taken[0]!.batch);
    });

    test("the very same attempt again is `appended`, and there once", async () => {
      const entry = entryOf(newAccountId(), 1, { bodies: [textBytes("once")] });
      expect(await log.append([entry])).toEqual(["appended"]);
      expect(await log.append([entry])).toEqual(["appended"]);
      expect(await log.append([{ ...entry, batch: "another" }])).toEqual(["conflict"]);
      expect(await log.read(entry.account, 0, 9, "no bodies")).toHaveLength(1);
    });

    test("append keeps hundreds of accounts in one call; of nothing it makes nothing", async () => {
      const entries = Array.from({ length: 300 }, () => entryOf(newAccountId(), 1));
      expect(await log.append(entries)).toEqual(entries.map(() => "appended" as const));
      expect(await log.heads(entries.map((entry) => entry.account))).toEqual(entries.map(() => 1));
      expect(await log.append([])).toEqual([]);
    });

    test("heads answers in the order asked, 0 for an account without entries", async () => {
      const three = await written(3);
      const one = await written(1);
      const accounts = [newAccountId(), one[0]!.account, three[0]!.account, newAccountId(), one[0]!.account];
      expect(await log.heads(accounts)).toEqual([0, 1, 3, 0, 1]);
      expect(await log.heads([])).toEqual([]);
    });

    test("bodies answers in the order asked, null for what never was", async () => {
      const entries = await written(4);
      const account = entries[0]!.account;
      const wanted = [
        { seq: 4, index: 0 },
        { seq: 9, index: 0 },
        { seq: 1, index: 0 },
        { seq: 1, index: 1 },
        { seq: 4, index: 0 },
      ];
      const found = await log.bodies(account, wanted);
      expect(plain(found)).toEqual(
        plain([entries[3]!.bodies[0]!, null, entries[0]!.bodies[0]!, null, entries[3]!.bodies[0]!]),
      );
      expect(await log.bodies(account, [])).toEqual([]);
      expect(await log.bodies(newAccountId(), [{ seq: 1, index: 0 }])).toEqual([null]);
    });

    test("accounts names every account with entries, each once", async () => {
      const two = await written(2);
      const one = await written(1);
      const seen: string[] = [];
      for await (const account of log.accounts()) seen.push(account);
      expect(seen).toContain(two[0]!.account);
      expect(seen).toContain(one[0]!.account);
      expect(new Set(seen).size).toBe(seen.length);
    });

    test("drop before an entry leaves that one and its base, and nobody appends below it", async () => {
      const [{ account }] = (await written(3)) as [LogEntry];
      await log.saveBase({ account, seq: 3, at: 1, name: "last", parts: [bytesOf(3)] });
      await log.drop(account, 3);
      expect(await log.heads([account])).toEqual([3]);
      expect((await log.read(account, 2, 9, "no bodies")).map(({ seq }) => seq)).toEqual([3]);
      await expect(log.read(account, 0, 9, "no bodies")).rejects.toBeInstanceOf(LogCompacted);
      expect((await log.base(account))?.seq).toBe(3);
      for (const seq of [1, 2, 3]) expect(await log.append([entryOf(account, seq)])).toEqual(["conflict"]);
      expect(await log.bodies(account, [{ seq: 1, index: 0 }])).toEqual([null]);
      await log.drop(account, 3);
      expect(await log.heads([account])).toEqual([3]);
    });

    test("drop forgets one account's log and no other", async () => {
      const gone = await written(3);
      const stays = await written(2);
      await log.drop(gone[0]!.account);
      expect(await log.heads([gone[0]!.account, stays[0]!.account])).toEqual([0, 2]);
      expect(await log.read(gone[0]!.account, 0, 9, "bodies")).toEqual([]);
      await log.drop(gone[0]!.account);
      expect(await log.append([entryOf(gone[0]!.account, 1)])).toEqual(["appended"]);
    });
  });
}
