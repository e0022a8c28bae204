import type { Db, IndexDescription } from "mongodb";

/**
 * Every index of the store, by collection: a query of the running server that none of these (or `_id`) serves is a
 * fault, and a test asks `explain`. The unique ones are the arbiters of every race.
 */
export const indexes: Readonly<Record<string, readonly (IndexDescription & { name: string })[]>> = {
  log: [{ name: "account_seq", key: { account: 1, seq: 1 }, unique: true }],
  bases: [{ name: "account_seq", key: { account: 1, seq: 1 }, unique: true }],
  baseparts: [{ name: "account_name_part", key: { account: 1, name: 1, part: 1 }, unique: true }],
  snapshots: [{ name: "account_seq", key: { account: 1, seq: 1 }, unique: true }],
  parts: [{ name: "account_name", key: { account: 1, name: 1 }, unique: true }],
  messages: [{ name: "account_message", key: { account: 1, message: 1 }, unique: true }],
  blobrefs: [
    { name: "blob_account_message", key: { blob: 1, account: 1, message: 1 }, unique: true },
    { name: "account", key: { account: 1 } },
  ],
  "attachments.files": [
    { name: "filename", key: { filename: 1 }, unique: true },
    { name: "freed", key: { "metadata.freed": 1 } },
  ],
  // GridFS's own: https://www.mongodb.com/docs/manual/core/gridfs/
  "attachments.chunks": [{ name: "files_id_1_n_1", key: { files_id: 1, n: 1 }, unique: true }],
  "attachments.pending": [{ name: "at", key: { at: 1 } }],
  users: [{ name: "usernameView", key: { usernameView: 1 }, unique: true }],
  addresses: [
    { name: "addressView", key: { addressView: 1 }, unique: true },
    { name: "user", key: { user: 1 } },
  ],
};

/** Makes the indexes that are not there yet; any number of nodes may do it at once. */
export async function createIndexes(db: Db): Promise<void> {
  await Promise.all(
    Object.entries(indexes).map(([collection, descriptions]) =>
      db.collection(collection).createIndexes([...descriptions]),
    ),
  );
}
