import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { realClock } from "../../actors/runtime/clock.ts";
import type { Stores } from "../stores.ts";
import { SqliteBlobs } from "./blobs.ts";
import { SqliteDirectory } from "./directory.ts";
import { SqliteLog } from "./log.ts";
import { openForReading } from "./open-file.ts";
import { type SchemaName, schemas } from "./schema.ts";
import { SqliteState } from "./state.ts";
import type { WriterConnection } from "./writer-connection.ts";

/** There is nothing to read, or nothing that this Eider can read. */
export class DataDirectoryUnreadable extends Error {
  override readonly name = "DataDirectoryUnreadable";
}

/**
 * The stores of a data directory, to be read only, whether or not a server uses it: no lock is taken, and nobody waits
 * for anybody. Every read sees what was acknowledged before it began; what would write is refused.
 */
export function openSqliteStoresForReading({ dataDir }: { dataDir: string }): Stores {
  if (!existsSync(join(dataDir, "eider.db")))
    throw new DataDirectoryUnreadable(`Cannot open ${dataDir}: there is no eider.db in it`);
  const truth = openKnown(dataDir, "truth");
  const state = openKnown(dataDir, "state");
  return {
    log: new SqliteLog(truth, refusing),
    state: new SqliteState(state, refusing),
    blobs: new SqliteBlobs(truth, refusing, dataDir, realClock),
    directory: new SqliteDirectory(truth, refusing),
    async close() {
      truth.close();
      state.close();
    },
  };
}

function openKnown(dataDir: string, name: SchemaName): Database {
  const db = openForReading(dataDir, name);
  const { user_version: found } = db.query("PRAGMA user_version").get() as { user_version: number };
  if (found === schemas[name].length) return db;
  db.close();
  const todo = found > schemas[name].length ? "use the newer Eider that wrote it" : "start this Eider's server once";
  throw new DataDirectoryUnreadable(
    `Cannot read ${dataDir}: it has schema ${found}, and this Eider reads ${schemas[name].length}; ${todo}`,
  );
}

const refusing: WriterConnection = {
  ask: (_kind, _ask, action) => Promise.reject(new Error(`Cannot ${action}: the store was opened for reading`)),
  close() {},
};
