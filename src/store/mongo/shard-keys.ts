/**
 * What each collection is sharded by in a sharded cluster; null: it stays whole, on one shard. See docs/scaling.md for the
 * reasons. A key hashes its first field, so that accounts spread evenly whatever their age, and goes on where one value of
 * that field may have more than a chunk's worth of documents. Every unique index begins with the fields of the key, in their
 * order: only then can the shards enforce it, and the store's races are decided by nothing else.
 */
export const shardKeys: Readonly<Record<string, Readonly<Record<string, 1 | "hashed">> | null>> = {
  log: { account: "hashed", seq: 1 },
  bases: { account: "hashed" },
  baseparts: { account: "hashed", name: 1 },
  snapshots: { account: "hashed" },
  parts: { account: "hashed", name: 1 },
  messages: { account: "hashed", message: 1 },
  blobrefs: { blob: "hashed", account: 1 },
  "attachments.files": { filename: "hashed" },
  "attachments.chunks": { files_id: "hashed", n: 1 },
  "attachments.pending": null,
  // Looked for by name and by id, and only one of the two can be the key: each by itself must be unique.
  users: null,
  addresses: { addressView: "hashed" },
  settings: null,
};

/** The commands for mongosh, to be given to an empty database before the first node starts. */
export function shardCommands(database: string): string {
  const lines = Object.entries(shardKeys).map(([collection, key]) =>
    key === null
      ? `// ${collection} stays whole`
      : `sh.shardCollection("${database}.${collection}", ${JSON.stringify(key)})`,
  );
  return [`sh.enableSharding("${database}")`, ...lines].join("\n");
}
