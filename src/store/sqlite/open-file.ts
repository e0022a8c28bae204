import { Database } from "bun:sqlite";
import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { migrate, type SchemaName, schemas } from "./schema.ts";

const fileNames = { truth: "eider.db", state: "state.db" } as const satisfies Record<SchemaName, string>;

// 4 KiB for the truth: an append dirties the fewest bytes (bench/micro/append.ts). 16 KiB for the state: a message's
// record fits in its leaf, and reading a folder's records reads few pages.
const pageSizes = { truth: 4096, state: 16384 } as const satisfies Record<SchemaName, number>;

/** The one connection that writes the file. Checkpoints are somebody else's work (checkpointer.ts). */
export function openForWriting(dataDir: string, name: SchemaName): Database {
  const file = join(dataDir, fileNames[name]);
  const db = new Database(file, { create: true, readwrite: true });
  try {
    db.run("PRAGMA busy_timeout = 10000");
    db.run(`PRAGMA page_size = ${pageSizes[name]}`);
    db.run("PRAGMA journal_mode = WAL");
    db.run(`PRAGMA synchronous = ${name === "truth" ? "FULL" : "NORMAL"}`);
    db.run("PRAGMA wal_autocheckpoint = 0");
    db.run("PRAGMA cache_size = -16384");
    db.run("PRAGMA temp_store = MEMORY");
    migrate(db, schemas[name], file);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** A connection that only reads; it sees every commit acknowledged before the statement began, and waits for nobody. */
export function openForReading(dataDir: string, name: SchemaName): Database {
  const db = new Database(join(dataDir, fileNames[name]), { readonly: true });
  db.run("PRAGMA busy_timeout = 10000");
  db.run("PRAGMA cache_size = -16384");
  db.run("PRAGMA temp_store = MEMORY");
  return db;
}

/** A second connection for checkpoints, beside the one that writes. */
export function openForCheckpoints(dataDir: string, name: SchemaName): Database {
  const db = new Database(join(dataDir, fileNames[name]), { readwrite: true });
  db.run("PRAGMA busy_timeout = 10000");
  db.run("PRAGMA wal_autocheckpoint = 0");
  return db;
}

/** The write-ahead log beside the file. */
export function walOf(dataDir: string, name: SchemaName): string {
  return join(dataDir, `${fileNames[name]}-wal`);
}

/** Makes the directory's entries durable: a file that was created or renamed is not until its directory is. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes the directory and its missing parents, durably. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(first);
  for (let made = path; made.length > top.length; made = dirname(made)) syncDirectory(dirname(made));
}
