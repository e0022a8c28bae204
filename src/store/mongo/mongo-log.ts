import { BSON } from "mongodb";
import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";
import { contiguous } from "../contiguous.ts";
import { type AppendResult, type BodyPlace, type Log, LogCompacted, StoreUnavailable } from "../log.ts";
import type { Link } from "./connection.ts";
import { documentOf, type EntryDocument, entryOf, objectId, ownBytes, type ReadEntryDocument } from "./documents.ts";
import { taken } from "./duplicate-keys.ts";
import { allButKey, mongoBases } from "./mongo-bases.ts";

/** Bytes of an entry as BSON. A document may have 16 MB; the rest is for whoever adds a field to it. */
export const largestEntry = 12 * 1024 * 1024;

/**
 * The log as one collection under the unique key {account, seq}. Entries of any number of accounts go out as one
 * unordered insert: one round trip. A duplicate-key reply under `w: majority` is held back until what it collided with
 * is with the majority as well, so whoever lost a race finds the winner at their next (majority) read.
 */
export function mongoLog(link: Link): Log {
  const { db, during } = link;
  const { drop: dropBases, ...bases } = mongoBases(link);
  const log = db.collection<EntryDocument>("log");

  async function append(entries: readonly LogEntry[]): Promise<readonly AppendResult[]> {
    if (entries.length === 0) return [];
    const documents = entries.map(documentOf);
    for (const document of documents) refuseTooLarge(document);
    const losers = await taken(() => log.insertMany(documents, { ordered: false }));
    if (losers.size === 0) return entries.map(() => "appended");
    const own = await ownAmong([...losers].map((at) => entries[at]!));
    return entries.map((entry, at) => (!losers.has(at) || own.has(entry.batch) ? "appended" : "conflict"));
  }

  /** Batches of `entries` that are in the log already: a send that was repeated, not a race that was lost. */
  async function ownAmong(entries: readonly LogEntry[]): Promise<ReadonlySet<string>> {
    const own = new Set<string>();
    // One question each: conflicts come singly, and an exact place is what the index answers best.
    await Promise.all(
      entries.map(async ({ account, seq, batch }) => {
        const kept = await log.findOne({ account: objectId(account), seq }, { projection: { _id: 0, batch: 1 } });
        // The key was taken a moment ago and is free now: somebody dropped the account, or a rollback is under way.
        if (kept === null) throw new StoreUnavailable("Cannot append: the log is changing hands");
        if (kept.batch === batch) own.add(batch);
      }),
    );
    return own;
  }

  async function compactedAway(account: AccountId, after: number): Promise<LogCompacted> {
    const { base } = await bases.compaction(account);
    return new LogCompacted(account, after, base);
  }

  return {
    ...bases,
    append: (entries) => during(`append ${entries.length} entries`, () => append(entries)),

    read: (account, after, limit, bodies) =>
      during("read the log", async () => {
        if (limit <= 0) return [];
        const found = await log
          .find(
            { account: objectId(account), seq: { $gt: after } },
            {
              sort: { account: 1, seq: 1 },
              limit,
              batchSize: limit + 1,
              ...(bodies === "bodies" ? {} : { projection: { bodies: 0 } }),
            },
          )
          .toArray();
        // A key without an entry is one that was trimmed.
        const whole = found.filter(({ transactions }) => transactions !== undefined) as ReadEntryDocument[];
        if (whole.length === 0 && found.length > 0) throw await compactedAway(account, after);
        return (await contiguous(account, after, whole, () => bases.compaction(account))).map(entryOf);
      }),

    heads: (accounts) =>
      during("read the heads of the log", async () => {
        if (accounts.length === 0) return [];
        const wanted = [...new Set(accounts)].map(objectId);
        // Sorted against the index and then only the first of each group: a DISTINCT_SCAN, one key for each account.
        const found = await log
          .aggregate<{ _id: EntryDocument["account"]; seq: number }>(
            [
              { $match: { account: { $in: wanted } } },
              { $sort: { account: -1, seq: -1 } },
              { $group: { _id: "$account", seq: { $first: "$seq" } } },
            ],
            { batchSize: wanted.length + 1 },
          )
          .toArray();
        const heads = new Map(found.map(({ _id, seq }) => [_id.toHexString(), seq]));
        return accounts.map((account) => heads.get(account) ?? 0);
      }),

    bodies: (account, wanted) =>
      during("read bodies from the log", async () => {
        if (wanted.length === 0) return [];
        const seqs = [...new Set(wanted.map(({ seq }) => seq))];
        const found = await log
          .find(
            { account: objectId(account), seq: { $in: seqs } },
            { projection: { _id: 0, seq: 1, bodies: 1 }, batchSize: seqs.length + 1 },
          )
          .toArray();
        const bySeq = new Map(found.map(({ seq, bodies }) => [seq, bodies]));
        return wanted.map(({ seq, index }: BodyPlace) => {
          const body = bySeq.get(seq)?.[index];
          return body ? ownBytes(body) : null;
        });
      }),

    async *accounts() {
      const cursor = log.aggregate<{ _id: EntryDocument["account"] }>(
        [{ $sort: { account: 1, seq: 1 } }, { $group: { _id: "$account", first: { $first: "$seq" } } }],
        { allowDiskUse: true },
      );
      try {
        for (;;) {
          const next = await during("list the accounts of the log", () => cursor.next());
          if (next === null) return;
          yield next._id.toHexString() as AccountId;
        }
      } finally {
        await cursor.close();
      }
    },

    drop: (account, before) =>
      during("drop a log", async () => {
        const owner = objectId(account);
        if (before === undefined) {
          await dropBases(account);
          await log.deleteMany({ account: owner });
          return;
        }
        const last = before - placesKept;
        await log.updateMany({ account: owner, seq: { $gte: last, $lt: before } }, { $unset: allButKey });
        if (last > 1) await log.deleteMany({ account: owner, seq: { $lt: last } });
      }),
  };
}

/** So many keys below the end of a closed account's log stay, without their entries, some 60 bytes each. */
const placesKept = 1000;

function refuseTooLarge(document: EntryDocument): void {
  const size = BSON.calculateObjectSize(document);
  if (size > largestEntry)
    throw new RangeError(`Cannot append an entry of ${size} bytes: the limit is ${largestEntry}`);
}
