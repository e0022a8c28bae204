import { ObjectId } from "mongodb";
import type { AccountId } from "../../domain/ids.ts";
import type { Base, BodyPlace, Compaction, Log } from "../log.ts";
import type { Link } from "./connection.ts";
import {
  type BaseDocument,
  type BasePartDocument,
  type EntryDocument,
  objectId,
  ownBytes,
  type TrimmedDocument,
} from "./documents.ts";
import { taken } from "./duplicate-keys.ts";

const gone = { at: "", batch: "", transactions: "", checksum: "" } as const;
/** What `$unset` takes from an entry so that its key is left. */
export const allButKey = { ...gone, bodies: "" } as const;

/** Entries trimmed, and bodies dropped, in one command. */
const atOnce = 500;
/** Bytes of parts in one insert: a message of the wire has 48 MB. */
const insertBytes = 16 * 1024 * 1024;

type BaseMethods = "compaction" | "base" | "saveBase" | "trim" | "dropBodies" | "putBodies";

/**
 * Compaction without transactions. A base counts from the moment its document names its parts; entries go afterwards,
 * and only below it. A trimmed entry leaves its key behind, about 60 bytes: an append is one insert that nothing but the
 * unique key can refuse, and a node that has been asleep for weeks must not find the place of a trimmed entry free.
 */
export function mongoBases({ db, during }: Link): Pick<Log, BaseMethods> & { drop(account: AccountId): Promise<void> } {
  const log = db.collection<EntryDocument & TrimmedDocument>("log");
  const bases = db.collection<BaseDocument>("bases");
  const parts = db.collection<BasePartDocument>("baseparts");

  async function newest(account: AccountId): Promise<BaseDocument | null> {
    const [found] = await bases
      .find({ account: objectId(account) }, { sort: { account: -1, seq: -1 }, limit: 1 })
      .toArray();
    return found ?? null;
  }

  async function compaction(account: AccountId): Promise<Compaction> {
    const head = await newest(account);
    return { base: head?.seq ?? 0, trimmed: head?.trimmed ?? 0 };
  }

  async function base(account: AccountId): Promise<Base | null> {
    // Between the two reads a newer base may take the place of this one, and its parts.
    for (let seen: BaseDocument | null = null; ; ) {
      const head = await newest(account);
      if (head === null) return null;
      const { seq, at, name } = head;
      const found = await parts
        .find(
          { account: objectId(account), name },
          { projection: { _id: 0, part: 1, bytes: 1 }, batchSize: head.parts + 1 },
        )
        .toArray();
      if (found.length === head.parts) {
        const inOrder = found.sort((a, b) => a.part - b.part).map(({ bytes }) => ownBytes(bytes));
        return { account, seq, at: at.getTime(), name, parts: inOrder };
      }
      if (seen?.name === name)
        throw new Error(
          `Cannot read the base of account ${account} at ${seq}: ${found.length} of ${head.parts} parts are there`,
        );
      seen = head;
    }
  }

  async function saveBase({ account, seq, at, name, parts: bytes }: Base): Promise<void> {
    const owner = objectId(account);
    const before = await newest(account);
    if (before !== null && before.seq >= seq) return;
    await insertParts(owner, seq, name, bytes);
    const head = { _id: new ObjectId(), account: owner, seq, at: new Date(at), name, parts: bytes.length };
    const trimmed = before?.trimmed ?? 0;
    const late = (await taken(() => bases.insertMany([{ ...head, trimmed }], { ordered: false }))).size > 0;
    const heads = await bases.find({ account: owner }, { projection: { account: 1, seq: 1, name: 1 } }).toArray();
    if (late && heads.some((other) => other.seq === seq && other.name === name)) return;
    if (late || heads.some((other) => other.seq > seq)) {
      await bases.deleteOne({ account: owner, _id: head._id });
      await parts.deleteMany({ account: owner, name });
      return;
    }
    const older = heads.filter((other) => other.seq < seq).map(({ _id }) => _id);
    if (older.length > 0) await bases.deleteMany({ account: owner, _id: { $in: older } });
    const kept = await parts
      .find({ account: owner }, { projection: { account: 1, name: 1, part: 1, seq: 1 }, batchSize: 1000 })
      .toArray();
    // Those of others that are under way for a later base stay.
    const unnamed = kept.filter((part) => part.name !== name && part.seq <= seq).map(({ _id }) => _id);
    if (unnamed.length > 0) await parts.deleteMany({ account: owner, _id: { $in: unnamed } });
  }

  async function insertParts(
    account: ObjectId,
    seq: number,
    name: string,
    given: readonly Uint8Array[],
  ): Promise<void> {
    for (let from = 0; from < given.length; ) {
      const some: BasePartDocument[] = [];
      for (
        let size = 0;
        from < given.length && (some.length === 0 || size + given[from]!.length <= insertBytes);
        from++
      ) {
        size += given[from]!.length;
        some.push({ _id: new ObjectId(), account, name, part: from, seq, bytes: given[from]! });
      }
      await taken(() => parts.insertMany(some, { ordered: false }));
    }
  }

  async function trim(account: AccountId, after: number, through: number, kept: readonly BodyPlace[]): Promise<void> {
    const head = await newest(account);
    if (head === null || through >= head.seq)
      throw new Error(`Cannot trim a log: entry ${through} is not below a base`);
    for (let from = after; from < through; from += atOnce) {
      const to = Math.min(from + atOnce, through);
      await trimSome(
        objectId(account),
        from,
        to,
        Map.groupBy(
          kept.filter(({ seq }) => seq > from && seq <= to),
          ({ seq }) => seq,
        ),
      );
      await bases.updateMany({ account: objectId(account) }, { $max: { trimmed: to } });
    }
  }

  async function trimSome(
    account: ObjectId,
    after: number,
    through: number,
    kept: ReadonlyMap<number, readonly BodyPlace[]>,
  ): Promise<void> {
    const seqs = [...kept.keys()].sort((a, b) => a - b);
    // Ranges between those that keep bodies: each is found by the index alone.
    const edges = [after, ...seqs, through + 1];
    const removals = edges.slice(1).flatMap((end, at) => {
      const filter = { account, seq: { $gt: edges[at]!, $lt: end } };
      return end > edges[at]! + 1 ? [{ updateMany: { filter, update: { $unset: allButKey } } }] : [];
    });
    if (removals.length > 0) await log.bulkWrite(removals, { ordered: false });
    if (seqs.length === 0) return;
    const found = await log
      .find({ account, seq: { $in: seqs } }, { projection: { seq: 1, transactions: 1 }, batchSize: seqs.length + 1 })
      .toArray();
    const updates = found.flatMap((entry) => {
      if (!entry.transactions) return [];
      const needed = new Set(kept.get(entry.seq)!.map(({ index }) => index));
      const dead = inlineIndexes(entry).filter((index) => !needed.has(index));
      return [
        {
          updateOne: {
            filter: { account, _id: entry._id },
            update: { $unset: { ...gone, ...emptied(dead) } },
          },
        },
      ];
    });
    if (updates.length > 0) await log.bulkWrite(updates, { ordered: false });
  }

  async function dropBodies(account: AccountId, places: readonly BodyPlace[]): Promise<void> {
    for (let from = 0; from < places.length; from += atOnce) {
      const updates = places.slice(from, from + atOnce).map(({ seq, index }) => ({
        updateOne: { filter: { account: objectId(account), seq }, update: { $unset: emptied([index]) } },
      }));
      await log.bulkWrite(updates, { ordered: false });
    }
  }

  async function putBodies(
    account: AccountId,
    bodies: readonly (BodyPlace & { readonly bytes: Uint8Array })[],
  ): Promise<void> {
    const documents = [...Map.groupBy(bodies, ({ seq }) => seq)].map(([seq, some]): TrimmedDocument => {
      const held: (Uint8Array | null)[] = new Array(Math.max(...some.map(({ index }) => index)) + 1).fill(null);
      for (const { index, bytes } of some) held[index] = bytes;
      return { _id: new ObjectId(), account: objectId(account), seq, bodies: held };
    });
    for (const document of documents) await taken(() => log.insertMany([document as never], { ordered: false }));
  }

  return {
    compaction: (account) => during("look at a log's base", () => compaction(account)),
    base: (account) => during("read a base", () => base(account)),
    saveBase: (given) => during("save a base", () => saveBase(given)),
    trim: (account, after, through, kept) => during("trim a log", () => trim(account, after, through, kept)),
    dropBodies: (account, places) => during("drop bodies of a log", () => dropBodies(account, places)),
    putBodies: (account, bodies) => during("put bodies into a log", () => putBodies(account, bodies)),
    drop: (account) =>
      during("drop a base", async () => {
        await bases.deleteMany({ account: objectId(account) });
        await parts.deleteMany({ account: objectId(account) });
      }),
  };
}

/** Elements of `bodies` to be unset: an array keeps a null in their place, and what has no such element is left alone. */
function emptied(indexes: readonly number[]): Record<string, ""> {
  return Object.fromEntries(indexes.map((index) => [`bodies.${index}`, ""]));
}

/** Every body that the entry's messages came with, by index. */
function inlineIndexes({ transactions }: Pick<EntryDocument, "transactions">): number[] {
  const indexes: number[] = [];
  for (const { events } of transactions) {
    for (const event of events) {
      if (event.kind !== "appended") continue;
      for (const piece of event.content) if (piece.kind === "inline") indexes.push(piece.index);
    }
  }
  return indexes;
}
