import type { Stores } from "../stores.ts";
import { type ConnectionOptions, connect } from "./connection.ts";
import { createIndexes } from "./indexes.ts";
import { mongoBlobs } from "./mongo-blobs.ts";
import { mongoDirectory } from "./mongo-directory.ts";
import { mongoLog } from "./mongo-log.ts";
import { mongoState } from "./mongo-state.ts";

export type MongoStores = Stores & {
  /** Commands sent so far. */
  roundTrips(): number;
  /** Milliseconds; throws `StoreUnavailable`. */
  ping(): Promise<number>;
};

/**
 * Everything durable, in MongoDB; one call for one worker. Relies on little: inserts under unique indexes as the only
 * arbiter, single-document updates and deletes that look at the document they change, ranges, bulk writes; no
 * transactions, regular expressions or server-side code. Throws `StoreUnavailable` where MongoDB cannot be reached; once
 * open, calls fail so while it is away and work again when it is back.
 */
export async function openMongoStores(
  options: ConnectionOptions & { readonly clock: { now(): number } },
): Promise<MongoStores> {
  const connection = await connect(options);
  const { roundTrips, ping } = connection;
  try {
    await connection.during("create indexes", () => createIndexes(connection.db));
  } catch (error) {
    await connection.close();
    throw error;
  }
  const { settled, ...blobs } = mongoBlobs(connection, options.clock);
  return {
    log: mongoLog(connection),
    state: mongoState(connection),
    blobs,
    directory: mongoDirectory(connection, options.clock),
    roundTrips,
    ping,
    async close() {
      await settled();
      await connection.close();
    },
  };
}
