import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { repairAccount } from "../../src/actors/account/repair.ts";
import { newAccount, testShard } from "../../src/actors/account/shard.testing.ts";
import { verifyAccount } from "../../src/actors/account/verify.ts";
import type { AccountId, BlobId, MessageId } from "../../src/domain/ids.ts";
import type { BlobReference } from "../../src/store/blobs.ts";
import type { DamagedStore } from "./plants.ts";

/**
 * Every kind of damage is found and named, and what the log can mend is mended without touching anything else, in any
 * store; what it cannot is said to be so, and left alone.
 */
export function verifyContract(name: string, open: () => Promise<DamagedStore>): void {
  describe(`verify contract: ${name}`, () => {
    let store: DamagedStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    type Scene = { account: AccountId; message: MessageId; blob: BlobId; reference: BlobReference };

    /** An account with a bit of everything, written behind: entry 1 opens it, 2 to 5 bring m0 to m3, 6 a large message, 7 expunges m1. */
    async function scene(): Promise<Scene> {
      const account = newAccount();
      const shard = testShard(store.stores);
      await shard.open(account);
      for (let n = 0; n < 4; n++)
        await shard.deliver(account, `m${n}`, `Subject: m${n}\r\n\r\n${`line ${n}\r\n`.repeat(40)}`);
      await shard.shard.ask(account, { kind: "uploadBegin", upload: "u" });
      const large = `Subject: large ${account}\r\n\r\n${"x".repeat(70)}\r\n`.padEnd(200_000, account);
      await shard.shard.ask(account, { kind: "uploadWrite", upload: "u", bytes: Buffer.from(large) });
      const source = { kind: "upload", upload: "u" } as const;
      await shard.change(account, "u", { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
      await shard.change(account, "x", { kind: "expunge", mailbox: { path: "INBOX" }, uids: [2, 2], which: "any" });
      await shard.shard.close();
      expect(shard.faults).toEqual([]);
      const [entry] = await store.stores.log.read(account, 1, 1, "no bodies");
      const [event] = entry!.transactions[0]!.events;
      if (event?.kind !== "appended") throw new Error("the scene is not as it is told");
      const [brought] = (await store.stores.log.read(account, 5, 1, "no bodies"))[0]!.transactions[0]!.events;
      if (brought?.kind !== "appended") throw new Error("the scene is not as it is told");
      const blobs = brought.content.filter((piece) => piece.kind === "blob").sort((a, b) => b.size - a.size);
      const { blob } = blobs[0]!;
      return { account, message: event.message, blob, reference: { blob, account, message: brought.message } };
    }

    const lost = (before: readonly string[], after: readonly string[]) =>
      before.filter((line) => !after.includes(line));
    const found = async (account: AccountId) =>
      (await verifyAccount(store.stores, account)).findings.map(({ what, text }) => `${what}: ${text}`);

    type Damage = {
      what: string;
      plant: (scene: Scene) => Promise<void>;
      /** What verify says, in order. */
      says: readonly RegExp[];
      /**
       * "mended": nothing differs from before the damage. "snapshot": it is gone, and comes again. "cut": what is lost is
       * lost, and the account goes on from where its log ends. null: it cannot be mended, and stays as it is.
       */
      repair: "mended" | "snapshot" | "cut" | null;
    };
    const damages: readonly Damage[] = [
      {
        what: "a lost entry",
        plant: ({ account }) => store.loseEntry(account, 4),
        says: [/^log: entry 4 is missing/],
        repair: null,
      },
      {
        what: "the last entry lost",
        plant: ({ account }) => store.loseEntry(account, 7),
        says: [
          /^log: it ends with entry 6, and a snapshot knows entry 7: the end is lost/,
          /^snapshot: it stands for entry 7/,
        ],
        repair: "cut",
      },
      {
        what: "a changed entry",
        plant: ({ account }) => store.changeEntry(account, 3),
        says: [/^log: entry 3 does not lead to the state/],
        repair: null,
      },
      {
        what: "an entry that cannot be read",
        plant: ({ account }) => store.garbleEntry(account, 5),
        says: [/^log: entry 5 /],
        repair: null,
      },
      {
        what: "a lost body",
        plant: ({ account }) => store.loseBody(account, 2),
        says: [/^body: INBOX, UID 1 \(message .*\): body 0 of entry 2 is missing/],
        repair: null,
      },
      {
        what: "a body cut short",
        plant: ({ account }) => store.shortenBody(account, 2),
        says: [/^body: INBOX, UID 1 .*: body 0 of entry 2 has 5 bytes, not /],
        repair: null,
      },
      {
        what: "a lost blob",
        plant: ({ blob }) => store.loseBlob(blob),
        says: [/^blob: INBOX, UID 5 .*: blob .* is missing/],
        repair: null,
      },
      {
        what: "a torn blob",
        plant: ({ blob }) => store.tearBlob(blob),
        says: [/^blob: INBOX, UID 5 .*(ends after 1000 of|does not hold the bytes)/],
        repair: null,
      },
      {
        what: "a changed bit in a blob",
        plant: ({ blob }) => store.changeBlob(blob),
        says: [/^blob: INBOX, UID 5 .* does not hold the bytes it is named after/],
        repair: null,
      },
      {
        what: "a lost record",
        plant: ({ account, message }) => store.loseRecord(account, message),
        says: [/^record: INBOX, UID 1 .*: its record is missing/],
        repair: "mended",
      },
      ...(["envelope", "summary", "place"] as const).map(
        (field): Damage => ({
          what: `a record with another ${field}`,
          plant: ({ account, message }) => store.changeRecord(account, message, field),
          says: [new RegExp(`^record: INBOX, UID 1 .*: the ${field} of its record`)],
          repair: "mended",
        }),
      ),
      {
        what: "a lost reference",
        plant: ({ reference }) => store.loseReference(reference),
        says: [/^reference: INBOX, UID 5 .*: its reference to blob .* is missing/],
        repair: "mended",
      },
      {
        what: "a reference of a message that never was",
        plant: ({ reference }) =>
          store.stores.blobs.reference([{ ...reference, message: "5f0000000000000000000001" as MessageId }]),
        says: [/^reference: blob .* is kept for message 5f0{21}1, which is not there/],
        repair: "mended",
      },
      {
        what: "a snapshot with other rows",
        plant: ({ account }) => store.changeSnapshotParts(account),
        says: [/^snapshot: /],
        repair: "snapshot",
      },
      {
        what: "a wrong counter in the snapshot",
        plant: ({ account }) => store.changeSnapshotUsed(account),
        says: [/^snapshot: its used is 1\d+, and \d+ by the log at entry 7/],
        repair: "snapshot",
      },
    ];

    test("nothing is found in a sound account, and repairing it does nothing", async () => {
      const { account } = await scene();
      const before = await store.dump();
      const verified = await verifyAccount(store.stores, account);
      expect(verified).toMatchObject({ entries: 7, messages: 4, findings: [] });
      expect(await repairAccount(store.stores, verified)).toEqual([]);
      expect(await store.dump()).toEqual(before);
    });

    test("what an earlier version read otherwise is not taken for damage, unless it is of other bytes", async () => {
      const { account, message } = await scene();
      const { state } = store.stores;
      const fields = ["place", "envelope", "bodystructure", "anatomy", "summary"] as const;
      const [record] = await state.loadMessages(account, [message], fields);
      const { reading: _, ...anatomy } = JSON.parse(Buffer.from(record!.anatomy).toString());
      const readBefore = async (size: number): Promise<void> => {
        await state.deleteMessages(account, [message]);
        const earlier = { anatomy: Buffer.from(JSON.stringify({ ...anatomy, size })), envelope: Buffer.from("(NIL)") };
        await state.saveMessages(account, [{ message, ...record!, ...earlier }]);
      };
      await readBefore(anatomy.size);
      expect(await found(account)).toEqual([]);
      await readBefore(anatomy.size + 1);
      expect(await found(account)).toEqual([expect.stringContaining("the anatomy of its record")]);
    });

    for (const { what, plant, says, repair } of damages) {
      test(`${what} is found, named${repair ? " and mended" : ", and left as it is"}`, async () => {
        const its = await scene();
        const other = await scene();
        const sound = await store.dump();
        await plant(its);
        const damaged = await store.dump();
        expect(damaged).not.toEqual(sound);
        const verified = await verifyAccount(store.stores, its.account);
        const told = verified.findings.map(({ what: kind, text }) => `${kind}: ${text}`);
        for (const [at, said] of says.entries()) expect(told[at]).toMatch(said);
        expect(told.length).toBeGreaterThanOrEqual(says.length);
        expect(await store.dump()).toEqual(damaged);
        await repairAccount(store.stores, verified);
        const after = await store.dump();
        if (repair === "mended") expect(after).toEqual(sound);
        const only = (lines: readonly string[]) => new Set(lines.map((line) => line.split(" ")[0]));
        // Only what is folded from the log may go, and only this account's.
        for (const table of only(lost(damaged, after)))
          expect(["snapshots", "parts", "messages", "blob_references", "blobrefs"]).toContain(table!);
        const still = (await found(its.account)).some((text) => says[0]!.test(text));
        expect(still).toBe(repair === null);
        if (repair !== null) expect(await found(its.account)).toEqual([]);
        expect(await found(other.account)).toEqual([]);
        if (repair === "snapshot") {
          const shard = testShard(store.stores);
          expect((await shard.inbox(its.account)).map(({ uid }) => uid)).toEqual([1, 3, 4, 5]);
          await shard.shard.close();
          expect(await found(its.account)).toEqual([]);
          expect((await store.stores.state.loadSnapshot(its.account))?.seq).toBe(7);
        }
      });
    }
  });
}
