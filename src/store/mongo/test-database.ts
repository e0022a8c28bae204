import { randomBytes } from "node:crypto";
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";
import { manualClock } from "../contract-fixtures.ts";
import { type MongoStores, openMongoStores } from "./open-mongo-stores.ts";

export type TestDatabase = MongoStores & {
  /** The same database, past the stores. */
  readonly raw: Db;
  /** Another node's stores on it. */
  another(): Promise<MongoStores>;
};

/** Stores in a database of their own, which `close` drops. */
export async function openTestDatabase(
  url: string,
  clock: { now(): number } = manualClock(),
  onCommand?: (command: CommandStartedEvent) => void,
): Promise<TestDatabase> {
  const database = `eider_test_${randomBytes(6).toString("hex")}`;
  const options = { url, database, clock };
  const stores = await openMongoStores({ ...options, onCommand });
  const client = new MongoClient(url, { promoteBuffers: true });
  const raw = client.db(database);
  return {
    ...stores,
    raw,
    another: () => openMongoStores(options),
    async close() {
      await stores.close();
      await raw.dropDatabase();
      await client.close();
    },
  };
}
