import type { Database } from "bun:sqlite";

/**
 * Two files. `eider.db` is the truth: log, blob references, directory; every commit is an fsync. `state.db` is what can
 * be folded from the log again, so its commits wait for no disk; a power loss may cost its last seconds and no mail.
 *
 * Each list holds the steps from an empty file to the newest schema; step n makes version n + 1. Steps are never
 * changed once released, only added.
 */
export type SchemaName = "truth" | "state";

/** The data directory was written by a newer Eider. */
export class SchemaTooNew extends Error {
  override readonly name = "SchemaTooNew";
}

const truth: readonly string[] = [
  // Entries and bodies get ascending row ids, so both grow at their end and an append dirties one page more than its
  // bytes need: the unique key's. Bodies of an entry are the `body_count` rows from `first_body`: no second index.
  `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    account BLOB NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    batch TEXT NOT NULL,
    checksum TEXT NOT NULL,
    first_body INTEGER NOT NULL,
    body_count INTEGER NOT NULL,
    transactions TEXT NOT NULL
  );
  CREATE UNIQUE INDEX entries_key ON entries (account, seq);
  CREATE TABLE bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

  -- free_since: when it was last put or lost its last reference; null while it has one.
  CREATE TABLE blobs (blob BLOB PRIMARY KEY, size INTEGER NOT NULL, free_since INTEGER) WITHOUT ROWID;
  CREATE INDEX blobs_free ON blobs (free_since) WHERE free_since IS NOT NULL;
  CREATE TABLE blob_references (
    blob BLOB NOT NULL,
    account BLOB NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (blob, account, message)
  ) WITHOUT ROWID;
  CREATE INDEX blob_references_by_account ON blob_references (account);

  -- searched: user name and main address, lower case, where a part of either is looked for.
  CREATE TABLE users (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    username_view TEXT NOT NULL,
    searched TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE UNIQUE INDEX users_by_id ON users (id);
  CREATE UNIQUE INDEX users_by_name ON users (username_view);
  CREATE TABLE addresses (
    address_view TEXT PRIMARY KEY,
    user BLOB NOT NULL,
    id BLOB NOT NULL,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX addresses_by_user ON addresses (user, id);
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
  // An entry without transactions is what trimming left of one: the place of bodies that are still needed.
  `
  CREATE TABLE bases (
    account BLOB PRIMARY KEY,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    trimmed INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE base_parts (
    id INTEGER PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    part INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX base_parts_key ON base_parts (account, name, part);
  `,
];

const state: readonly string[] = [
  `
  CREATE TABLE snapshots (account BLOB PRIMARY KEY, seq INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX parts_key ON parts (account, name);
  CREATE TABLE messages (
    account BLOB NOT NULL,
    message BLOB NOT NULL,
    place BLOB NOT NULL,
    envelope BLOB NOT NULL,
    bodystructure BLOB NOT NULL,
    anatomy BLOB NOT NULL,
    summary BLOB NOT NULL,
    PRIMARY KEY (account, message)
  ) WITHOUT ROWID;
  `,
];

export const schemas = { truth, state } as const satisfies Record<SchemaName, readonly string[]>;

/** Brings the file to the newest schema, each step whole or not at all; refuses a file from a newer Eider. */
export function migrate(db: Database, steps: readonly string[], file: string): void {
  const { user_version: found } = db.query("PRAGMA user_version").get() as { user_version: number };
  if (found > steps.length) {
    throw new SchemaTooNew(
      `Cannot open ${file}: it has schema ${found}, and this Eider knows up to ${steps.length}; start the newer Eider that wrote it`,
    );
  }
  for (let version = found; version < steps.length; version++) {
    db.transaction(() => {
      db.run(steps[version]!);
      db.run(`PRAGMA user_version = ${version + 1}`);
    })();
  }
}
