import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { LogEntry } from "../domain/account/events.ts";
import type { AccountId } from "../domain/ids.ts";
import {
  bytesOf,
  entryOf,
  newAccountId,
  newMailboxId,
  newMessageId,
  newRequestId,
  plain,
  textBytes,
} from "./contract-fixtures.ts";
import { type Base, type Log, LogCompacted } from "./log.ts";

/** The laws of `Log` about compaction, on any implementation; `open` is called once. */
export function compactionContract(name: string, open: () => Promise<{ log: Log; close(): Promise<void> }>): void {
  describe(`Log contract, compaction: ${name}`, () => {
    let log: Log;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ log, close } = await open());
    });
    afterAll(() => close());

    let names = 0;
    const baseOf = (account: AccountId, seq: number, parts = [bytesOf(10, seq), bytesOf(0), bytesOf(300, 2)]): Base => {
      return { account, seq, at: 1_700_000_000_000 + seq, name: `base${++names}`, parts };
    };

    /** Entries 1 … count of a fresh account, each with two messages whose bodies ride in it. */
    async function written(count: number): Promise<LogEntry[]> {
      const account = newAccountId();
      const entries = Array.from({ length: count }, (_, at) => {
        const bodies = [bytesOf(10 + at, at), bytesOf(20 + at, at + 100)];
        const events = bodies.map((body, index) => ({
          kind: "appended" as const,
          mailbox: newMailboxId(),
          uid: 1,
          message: newMessageId(),
          size: body.length,
          internalDate: 0,
          flags: [],
          content: [{ kind: "inline" as const, index, size: body.length }],
        }));
        return entryOf(account, at + 1, { transactions: [{ request: newRequestId(), events }], bodies });
      });
      for (const entry of entries) expect(await log.append([entry])).toEqual(["appended"]);
      return entries;
    }

    const seqs = async (account: AccountId, after: number, limit = 100): Promise<number[]> =>
      (await log.read(account, after, limit, "no bodies")).map(({ seq }) => seq);
    const refusal = (work: Promise<unknown>): Promise<unknown> => work.then(() => null).catch((error) => error);

    test("a log that was never compacted has no base", async () => {
      const [entry] = await written(1);
      expect(await log.compaction(entry!.account)).toEqual({ base: 0, trimmed: 0 });
      expect(await log.base(entry!.account)).toBeNull();
      expect(await log.base(newAccountId())).toBeNull();
    });

    test("a base comes back byte for byte, its parts in order", async () => {
      const { account } = (await written(3))[0]!;
      const base = baseOf(account, 2, [
        textBytes("head"),
        new Uint8Array(0),
        bytesOf(3 * 1024 * 1024, 9),
        bytesOf(256),
      ]);
      await log.saveBase(base);
      expect(plain(await log.base(account))).toEqual(plain(base));
      expect(await log.compaction(account)).toEqual({ base: 2, trimmed: 0 });
      expect(await seqs(account, 0)).toEqual([1, 2, 3]);
    });

    test("a later base takes the place of an earlier one, and never the other way round", async () => {
      const { account } = (await written(9))[0]!;
      const [two, five] = [baseOf(account, 2), baseOf(account, 5)];
      await log.saveBase(two);
      await log.saveBase(five);
      await log.saveBase(baseOf(account, 4));
      expect(plain(await log.base(account))).toEqual(plain(five));
      await log.saveBase(baseOf(account, 5, [textBytes("another at the same")]));
      expect(plain(await log.base(account))).toEqual(plain(five));
      await log.saveBase(five);
      expect(plain(await log.base(account))).toEqual(plain(five));
    });

    test("bases saved at once leave the highest, whole", async () => {
      const { account } = (await written(9))[0]!;
      const bases = [4, 8, 2, 8, 6, 8].map((seq) => baseOf(account, seq));
      await Promise.all(bases.map((base) => log.saveBase(base)));
      const kept = await log.base(account);
      expect(bases.filter(({ seq }) => seq === 8).map(plain)).toContainEqual(plain(kept));
    });

    test("trim removes what lies below the base, keeps the bodies named, and says so to who is behind", async () => {
      const entries = await written(8);
      const { account } = entries[0]!;
      await log.saveBase(baseOf(account, 6));
      const kept = [
        { seq: 2, index: 1 },
        { seq: 4, index: 0 },
        { seq: 4, index: 1 },
      ];
      await log.trim(account, 0, 5, kept);
      expect(await log.compaction(account)).toEqual({ base: 6, trimmed: 5 });
      for (const after of [0, 1, 4]) {
        const error = await refusal(log.read(account, after, 100, "bodies"));
        expect(error).toBeInstanceOf(LogCompacted);
        expect(error as LogCompacted).toMatchObject({ account, after, base: 6 });
      }
      expect(await seqs(account, 5)).toEqual([6, 7, 8]);
      expect(await seqs(account, 8)).toEqual([]);
      const [six] = await log.read(account, 5, 1, "bodies");
      expect(plain(six)).toEqual(plain(entries[5]!));
      expect(await log.heads([account])).toEqual([8]);
      const wanted = [2, 4, 4, 2, 1, 6].map((seq, at) => ({ seq, index: [1, 0, 1, 0, 0, 1][at]! }));
      const body = (seq: number, index: number) => entries[seq - 1]!.bodies[index]!;
      expect(plain(await log.bodies(account, wanted))).toEqual(
        plain([body(2, 1), body(4, 0), body(4, 1), null, null, body(6, 1)]),
      );
      await log.trim(account, 0, 5, kept);
      expect(plain(await log.bodies(account, wanted.slice(0, 3)))).toEqual(plain([body(2, 1), body(4, 0), body(4, 1)]));
    });

    test("a half-trimmed log has a gap that is said, and entries above it", async () => {
      const { account } = (await written(8))[0]!;
      await log.saveBase(baseOf(account, 7));
      await log.trim(account, 0, 3, []);
      expect(await log.compaction(account)).toEqual({ base: 7, trimmed: 3 });
      expect(await refusal(log.read(account, 0, 100, "no bodies"))).toBeInstanceOf(LogCompacted);
      expect(await refusal(log.read(account, 2, 1, "no bodies"))).toBeInstanceOf(LogCompacted);
      expect(await seqs(account, 3)).toEqual([4, 5, 6, 7, 8]);
    });

    test("trim never reaches a base, nor beyond one, nor a log without", async () => {
      const { account } = (await written(4))[0]!;
      expect(await refusal(log.trim(account, 0, 1, []))).toBeInstanceOf(Error);
      await log.saveBase(baseOf(account, 3));
      for (const through of [3, 4, 9]) expect(await refusal(log.trim(account, 0, through, []))).toBeInstanceOf(Error);
      expect(await seqs(account, 0)).toEqual([1, 2, 3, 4]);
    });

    test("the place of a trimmed entry is not free: who was asleep for long does not append there", async () => {
      const { account } = (await written(5))[0]!;
      await log.saveBase(baseOf(account, 5));
      await log.trim(account, 0, 4, [{ seq: 2, index: 0 }]);
      for (const seq of [1, 2, 3, 4, 5]) expect(await log.append([entryOf(account, seq)])).toEqual(["conflict"]);
      expect(await log.append([entryOf(account, 6)])).toEqual(["appended"]);
      expect(await seqs(account, 4)).toEqual([5, 6]);
    });

    test("dropped bodies are gone, in trimmed entries and in whole ones, and others are untouched", async () => {
      const entries = await written(4);
      const { account } = entries[0]!;
      await log.saveBase(baseOf(account, 3));
      await log.trim(account, 0, 2, [
        { seq: 1, index: 0 },
        { seq: 1, index: 1 },
      ]);
      const dropped = [
        { seq: 1, index: 0 },
        { seq: 2, index: 0 },
        { seq: 4, index: 1 },
        { seq: 4, index: 7 },
        { seq: 99, index: 0 },
      ];
      await log.dropBodies(account, dropped);
      // New bodies must not come to lie where the dropped ones were.
      await log.append([entryOf(account, 5, { bodies: [textBytes("new"), textBytes("newer")] })]);
      await log.dropBodies(account, dropped);
      await log.dropBodies(account, []);
      const wanted = [1, 1, 4, 4, 5, 5].map((seq, at) => ({ seq, index: at % 2 }));
      expect(plain(await log.bodies(account, wanted))).toEqual(
        plain([null, entries[0]!.bodies[1]!, entries[3]!.bodies[0]!, null, textBytes("new"), textBytes("newer")]),
      );
      const [four] = await log.read(account, 3, 1, "bodies");
      expect(plain(four!.bodies)).toEqual(plain([entries[3]!.bodies[0]!, new Uint8Array(0)]));
    });

    test("a log with its base can be brought to another account's place: bodies, entries, base", async () => {
      const entries = await written(6);
      const account = newAccountId();
      const kept = [
        { seq: 2, index: 1 },
        { seq: 3, index: 0 },
      ];
      const bodies = kept.map((place) => ({ ...place, bytes: entries[place.seq - 1]!.bodies[place.index]! }));
      for (let round = 0; round < 2; round++) {
        await log.putBodies(account, bodies);
        for (const entry of entries.slice(4)) expect(await log.append([{ ...entry, account }])).toEqual(["appended"]);
        await log.saveBase(baseOf(account, 5));
      }
      expect(await seqs(account, 4)).toEqual([5, 6]);
      expect(await refusal(log.read(account, 0, 9, "no bodies"))).toBeInstanceOf(LogCompacted);
      expect(plain(await log.bodies(account, [...kept, { seq: 2, index: 0 }]))).toEqual(
        plain([...bodies.map(({ bytes }) => bytes), null]),
      );
      expect(await log.heads([account])).toEqual([6]);
      expect(await log.append([entryOf(account, 3)])).toEqual(["conflict"]);
    });

    test("trim of a thousand entries, and reads meanwhile: everything from some entry on, or word that it is compacted", async () => {
      const account = newAccountId();
      for (let seq = 1; seq <= 1100; seq += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, at) => log.append([entryOf(account, seq + at)])));
      }
      await log.saveBase(baseOf(account, 1050));
      let trimming = true;
      const trim = log.trim(account, 0, 1049, []).finally(() => {
        trimming = false;
      });
      let looks = 0;
      for (let after = 0; trimming; after = (after + 137) % 1100) {
        looks++;
        await Bun.sleep(0);
        const found = await log.read(account, after, 1000, "no bodies").catch((error: unknown) => {
          if (!(error instanceof LogCompacted)) throw error;
          return [];
        });
        expect(found.map(({ seq }) => seq)).toEqual(found.map((_, at) => after + 1 + at));
      }
      await trim;
      expect(looks).toBeGreaterThan(0);
      expect(await seqs(account, 1049)).toEqual(Array.from({ length: 51 }, (_, at) => 1050 + at));
    });

    test("drop forgets the base, too, and the account may begin again", async () => {
      const { account } = (await written(5))[0]!;
      const [other] = await written(2);
      await log.saveBase(baseOf(account, 4));
      await log.saveBase(baseOf(other!.account, 2));
      await log.trim(account, 0, 3, [{ seq: 2, index: 0 }]);
      await log.drop(account);
      expect(await log.base(account)).toBeNull();
      expect(await log.compaction(account)).toEqual({ base: 0, trimmed: 0 });
      expect(await log.bodies(account, [{ seq: 2, index: 0 }])).toEqual([null]);
      expect(await log.append([entryOf(account, 1)])).toEqual(["appended"]);
      expect((await log.base(other!.account))!.seq).toBe(2);
    });
  });
}
