import type { MessagePort } from "node:worker_threads";
import { type Clock, realClock } from "../../actors/runtime/clock.ts";
import type { Stores } from "../stores.ts";
import { SqliteBlobs } from "./blobs.ts";
import { SqliteDirectory } from "./directory.ts";
import { SqliteLog } from "./log.ts";
import { openForReading } from "./open-file.ts";
import { prepareDataDirectory } from "./start-writer.ts";
import { SqliteState } from "./state.ts";
import { ThreadConnection } from "./thread-connection.ts";
import { PortConnection, type WriterConnection } from "./writer-connection.ts";

/** The stores of one thread: reads here, writes through `writer`, a port that startSqliteWriter's `connect` gave. */
export function openSqliteStores(options: { dataDir: string; writer: MessagePort; clock?: Clock }): Stores {
  return storesOver(options.dataDir, new PortConnection(options.writer), options.clock ?? realClock, () => {});
}

/** Everything in this one thread, commits included: for simulation, tests and tools that work on a stopped server. */
export function openSqliteStoresInThread(options: { dataDir: string; clock?: Clock }): Stores {
  const lock = prepareDataDirectory(options.dataDir);
  try {
    const connection = new ThreadConnection(options.dataDir);
    return storesOver(options.dataDir, connection, options.clock ?? realClock, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

function storesOver(dataDir: string, writer: WriterConnection, clock: Clock, closed: () => void): Stores {
  const truth = openForReading(dataDir, "truth");
  const state = openForReading(dataDir, "state");
  let open = true;
  return {
    log: new SqliteLog(truth, writer),
    state: new SqliteState(state, writer),
    blobs: new SqliteBlobs(truth, writer, dataDir, clock),
    directory: new SqliteDirectory(truth, writer),
    async close() {
      if (!open) return;
      open = false;
      truth.close();
      state.close();
      writer.close();
      closed();
    },
  };
}
