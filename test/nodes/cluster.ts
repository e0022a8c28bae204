import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { type ChildServer, startChildServer } from "../child-server.ts";
import { type Engine, isThere, type Missing, mongoEngine, type OwnEngine, startMongo, startRedis } from "../engines.ts";
import { startTestServer, type TestServer } from "../server.ts";

/** One database and one Redis, and the nodes that share them. */
export type Cluster = {
  readonly mongo: Engine;
  readonly redis: OwnEngine;
  readonly database: string;
  /** What every node is started with. */
  readonly settings: Readonly<Record<string, string>>;
  /** A node in this process. */
  node(settings?: Readonly<Record<string, string>>): Promise<TestServer>;
  /** A node in a process of its own, to be killed. */
  child(settings?: Readonly<Record<string, string>>): Promise<ChildServer>;
  /** Ends every node that is left, then Redis, and drops the database. */
  close(): Promise<void>;
};

/** The root access token of every node. */
export const token = "0123456789abcdef0123456789abcdef";

/** A Redis of its own, so that sessions listed are this cluster's and it can be stopped; a database of its own. */
export async function openCluster(): Promise<Cluster | Missing> {
  const mongo = await mongoEngine();
  if (!isThere(mongo)) return mongo;
  const redis = await startRedis();
  return isThere(redis) ? clusterOn(mongo, redis) : redis;
}

/** A cluster whose database can be stopped as well. */
export async function openFragileCluster(): Promise<(Cluster & { readonly mongo: OwnEngine }) | Missing> {
  const mongo = await startMongo();
  if (!isThere(mongo)) return mongo;
  const redis = await startRedis();
  if (!isThere(redis)) return redis;
  const cluster = clusterOn(mongo, redis);
  return {
    ...cluster,
    mongo,
    async close() {
      await mongo.start();
      await cluster.close();
      await mongo.dispose();
    },
  };
}

function clusterOn(mongo: Engine, redis: OwnEngine): Cluster {
  const database = `eider_nodes_${randomBytes(6).toString("hex")}`;
  const nodes = new Set<TestServer>();
  const children = new Set<ChildServer>();
  const shared = {
    EIDER_STORE_KIND: "mongodb",
    EIDER_MONGODB_URL: mongo.url,
    EIDER_MONGODB_DATABASE: database,
    EIDER_REDIS_URL: redis.url,
    EIDER_HTTP_TOKEN: token,
    EIDER_WORKERS: "1",
    EIDER_CPU_WORKERS: "1",
  };
  return {
    mongo,
    redis,
    database,
    settings: shared,
    async node(settings = {}) {
      const started = await startTestServer({ ...shared, ...settings });
      const node: TestServer = {
        ...started,
        async close() {
          if (nodes.delete(node)) await started.close();
        },
      };
      nodes.add(node);
      return node;
    },
    async child(settings = {}) {
      const child = await startChildServer({ ...shared, ...settings });
      children.add(child);
      return child;
    },
    async close() {
      await Promise.all([...nodes].map((node) => node.close()));
      await Promise.all([...children].map((child) => child.kill()));
      await redis.dispose();
      const client = new MongoClient(mongo.url);
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}
