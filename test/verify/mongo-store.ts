import { BSON, type Document, type Filter, type UpdateFilter } from "mongodb";
import { realClock } from "../../src/actors/runtime/clock.ts";
import type { AccountId, BlobId } from "../../src/domain/ids.ts";
import { objectId } from "../../src/store/mongo/documents.ts";
import { openTestDatabase } from "../../src/store/mongo/test-database.ts";
import type { DamagedStore } from "./plants.ts";

/** Rows that are the same when they were made again: their `_id` is the store's affair. */
const renamed = new Set(["messages", "blobrefs"]);

/** MongoDB, in a database of its own. */
export async function damagedMongo(url: string): Promise<DamagedStore> {
  const stores = await openTestDatabase(url, realClock);
  const { raw } = stores;

  async function remove(collection: string, filter: Filter<Document>): Promise<void> {
    const { deletedCount } = await raw.collection(collection).deleteMany(filter);
    if (deletedCount === 0) throw new Error(`Nothing was removed from ${collection}`);
  }
  async function update(collection: string, filter: Filter<Document>, change: UpdateFilter<Document>): Promise<void> {
    const { modifiedCount } = await raw.collection(collection).updateMany(filter, change);
    if (modifiedCount === 0) throw new Error(`Nothing was damaged in ${collection}`);
  }
  const entry = (account: AccountId, seq: number) => ({ account: objectId(account), seq });
  async function chunksOf(blob: BlobId): Promise<Filter<Document>> {
    const file = await raw.collection("attachments.files").findOne({ filename: blob });
    return { files_id: file!._id };
  }
  async function changeChunk(blob: BlobId, change: (data: Buffer) => Buffer): Promise<void> {
    const filter = { ...(await chunksOf(blob)), n: 0 };
    const chunk = await raw.collection("attachments.chunks").findOne(filter);
    await update("attachments.chunks", filter, { $set: { data: change(Buffer.from(chunk!.data)) } });
  }

  return {
    stores,
    loseEntry: (account, seq) => remove("log", entry(account, seq)),
    async changeEntry(account, seq) {
      const found = await raw.collection("log").findOne(entry(account, seq));
      const transactions = found!.transactions as { events: { uid: number }[] }[];
      transactions[0]!.events[0]!.uid += 100;
      await update("log", entry(account, seq), { $set: { transactions } });
    },
    garbleEntry: (account, seq) => update("log", entry(account, seq), { $set: { transactions: "[{" } }),
    loseBody: (account, seq) => update("log", entry(account, seq), { $set: { bodies: [] } }),
    shortenBody: (account, seq) => update("log", entry(account, seq), { $set: { "bodies.0": Buffer.alloc(5) } }),
    loseRecord: (account, message) => remove("messages", { account: objectId(account), message: objectId(message) }),
    changeRecord: (account, message, field) =>
      update(
        "messages",
        { account: objectId(account), message: objectId(message) },
        { $set: { [field]: Buffer.from("[]") } },
      ),
    async changeSnapshotParts(account) {
      for (const part of await raw
        .collection("parts")
        .find({ account: objectId(account) })
        .toArray()) {
        await update("parts", { _id: part._id }, { $set: { bytes: Buffer.alloc(part.bytes.length) } });
      }
    },
    async changeSnapshotUsed(account) {
      const found = await raw.collection("snapshots").findOne({ account: objectId(account) });
      const head = Buffer.from(found!.head).toString().replace('\\"used\\":', '\\"used\\":1');
      await update("snapshots", { _id: found!._id }, { $set: { head: Buffer.from(head) } });
    },
    async loseBlob(blob) {
      await remove("attachments.chunks", await chunksOf(blob));
      await remove("attachments.files", { filename: blob });
    },
    tearBlob: (blob) => changeChunk(blob, (data) => data.subarray(0, 1000)),
    changeBlob: (blob) =>
      changeChunk(blob, (data) => {
        data[500]! ^= 1;
        return data;
      }),
    loseReference: ({ blob, account, message }) =>
      remove("blobrefs", { blob, account: objectId(account), message: objectId(message) }),
    async dump() {
      const lines: string[] = [];
      for (const { name } of await raw.listCollections().toArray()) {
        for (const document of await raw.collection(name).find().toArray()) {
          const { _id, metadata, uploadDate, ...rest } = document;
          const kept = renamed.has(name) ? rest : { _id, ...rest };
          const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => a.localeCompare(b)));
          lines.push(`${name} ${BSON.EJSON.stringify(sorted)}`);
        }
      }
      return lines.sort();
    },
    close: () => stores.close(),
  };
}
