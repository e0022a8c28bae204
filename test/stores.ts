import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { realClock } from "../src/actors/runtime/clock.ts";
import type { Hints } from "../src/store/hints.ts";
import { LocalHints } from "../src/store/local/hints.ts";
import { openMongoStores } from "../src/store/mongo/open-mongo-stores.ts";
import { RedisHints } from "../src/store/redis/redis-hints.ts";
import { openSqliteStoresInThread } from "../src/store/sqlite/open-stores.ts";
import type { Stores } from "../src/store/stores.ts";
import { isThere, type Missing, mongoEngine, redisEngine } from "./engines.ts";

/** What a server stands on. */
export type TestStores = {
  readonly stores: Stores;
  readonly hints: Hints;
  /** The same where other nodes can hear them, else null. */
  readonly shared: Hints | null;
  /** Closes them, and removes what the directory did not hold. */
  close(): Promise<void>;
};

/** Opens stores; those of the embedded kind in this directory. */
export type OpenStores = (directory: string) => Promise<TestStores>;

export const openEmbedded: OpenStores = async (directory) => {
  const stores = openSqliteStoresInThread({ dataDir: join(directory, "data") });
  return { stores, hints: new LocalHints(realClock), shared: null, close: () => stores.close() };
};

/** Opens stores in a database of their own, with keys of their own in Redis; or why there are none. */
export async function mongoAndRedis(): Promise<OpenStores | Missing> {
  const [mongo, redis] = [await mongoEngine(), await redisEngine()];
  if (!isThere(mongo)) return mongo;
  if (!isThere(redis)) return redis;
  return async () => {
    const name = `eider_test_${randomBytes(6).toString("hex")}`;
    const stores = await openMongoStores({ url: mongo.url, database: name, clock: realClock });
    const hints = await RedisHints.open({ url: redis.url, clock: realClock, prefix: `${name}:` });
    return {
      stores,
      hints,
      shared: hints,
      async close() {
        await hints.close();
        await stores.close();
        const client = new MongoClient(mongo.url);
        await client.db(name).dropDatabase();
        await client.close();
        const keys = new Redis(redis.url);
        const left = await keys.keys(`${name}:*`);
        if (left.length > 0) await keys.del(...left);
        keys.disconnect();
      },
    };
  };
}
