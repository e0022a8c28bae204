import { isThere, startMongo, startRedis } from "../../test/engines.ts";
import { countingProxy } from "../load/counting-proxy.ts";

/** A MongoDB with a counter of commands before it. */
export type CountedMongo = {
  /** Through the counter; without a database name. */
  readonly url: string;
  /** Past it, for whoever prepares something. */
  readonly direct: string;
  readonly pid: number;
  commands(): number;
  byName(): Readonly<Record<string, number>>;
};

/** One engine that a server and its peer share, each with a counter and a Redis of its own; started for the run. */
export type MongoSetting = {
  readonly redis: string;
  /** Another counter before the same engine. */
  counted(): Promise<CountedMongo>;
  close(): Promise<void>;
};

/** Throws with the reason where an engine cannot be had. */
export async function startMongoSetting(): Promise<MongoSetting> {
  const mongo = await startMongo();
  if (!isThere(mongo)) throw new Error(mongo.missing);
  const redis = await startRedis();
  if (!isThere(redis)) {
    await mongo.dispose();
    throw new Error(redis.missing);
  }
  const port = Number(new URL(mongo.url).port);
  const proxies: Awaited<ReturnType<typeof countingProxy>>[] = [];
  return {
    redis: redis.url,
    async counted() {
      const proxy = await countingProxy(port);
      proxies.push(proxy);
      return {
        url: `mongodb://127.0.0.1:${proxy.port}`,
        direct: mongo.url,
        pid: mongo.pid(),
        commands: proxy.commands,
        byName: proxy.byName,
      };
    },
    async close() {
      for (const proxy of proxies) await proxy.close();
      await redis.dispose();
      await mongo.dispose();
    },
  };
}
