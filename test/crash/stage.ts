import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Verified, verifyAccount } from "../../src/actors/account/verify.ts";
import { realClock } from "../../src/actors/runtime/clock.ts";
import type { AccountId } from "../../src/domain/ids.ts";
import { openMongoStores } from "../../src/store/mongo/open-mongo-stores.ts";
import { openSqliteStoresInThread } from "../../src/store/sqlite/open-stores.ts";
import { isThere, type Missing, startMongo, startRedis } from "../engines.ts";
import type { Random } from "./random.ts";
import { type Thread, Victim } from "./victim.ts";

export type StoreKind = "embedded" | "mongodb";
/** What is killed at one point. */
export type Target = "node" | "shard worker" | "CPU worker" | "writer worker" | "Redis" | "database";

/** A server under test with all it stands on. */
export type Stage = {
  readonly nodes: readonly Victim[];
  readonly settings: Readonly<Record<string, string>>;
  /** How often each is killed. */
  readonly targets: Readonly<Partial<Record<Target, number>>>;
  /** Kills it, and says what brings it back. */
  kill(target: Target, random: Random): Promise<() => Promise<void>>;
  /** Whether `verify` needs the server to be down. */
  readonly verifiesOffline: boolean;
  verify(accounts: readonly string[]): Promise<readonly Verified[]>;
  close(): Promise<void>;
};

export const token = "0123456789abcdef0123456789abcdef";
const common = { EIDER_HTTP_TOKEN: token, EIDER_LIMITS_QUEUE: "10000", EIDER_WORKERS: "1", EIDER_CPU_WORKERS: "1" };
const threads = { "shard worker": "shard", "CPU worker": "cpu", "writer worker": "writer" } as const;
const isThread = (target: Target): target is keyof typeof threads => target in threads;

async function killThread(node: Victim, thread: Thread): Promise<() => Promise<void>> {
  await node.killThread(thread);
  return async () => {};
}

/** One node on a data directory. */
export async function embeddedStage(): Promise<Stage> {
  const parent = mkdtempSync(join(tmpdir(), "eider-crash-"));
  const dataDir = join(parent, "data");
  const settings = { ...common, EIDER_DATA: dataDir };
  const nodes = [await Victim.start(settings)];
  return {
    nodes,
    settings,
    targets: { node: 50, "shard worker": 20, "CPU worker": 10, "writer worker": 20 },
    verifiesOffline: true,
    async kill(target) {
      if (isThread(target)) return killThread(nodes[0]!, threads[target]);
      await nodes[0]!.kill();
      return async () => {
        nodes[0] = await Victim.start(settings);
      };
    },
    async verify(accounts) {
      const stores = openSqliteStoresInThread({ dataDir });
      try {
        return await verifyAll(accounts, (account) => verifyAccount(stores, account));
      } finally {
        await stores.close();
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** Two nodes on a database and a Redis of their own. */
export async function mongodbStage(): Promise<Stage | Missing> {
  const mongo = await startMongo();
  if (!isThere(mongo)) return mongo;
  const redis = await startRedis();
  if (!isThere(redis)) {
    await mongo.dispose();
    return redis;
  }
  const parent = mkdtempSync(join(tmpdir(), "eider-crash-"));
  const database = `eider_crash_${randomBytes(6).toString("hex")}`;
  const settings = {
    ...common,
    EIDER_DATA: join(parent, "data"),
    EIDER_STORE_KIND: "mongodb",
    EIDER_MONGODB_URL: mongo.url,
    EIDER_MONGODB_DATABASE: database,
    EIDER_REDIS_URL: redis.url,
  };
  const nodes = [await Victim.start(settings), await Victim.start(settings)];
  return {
    nodes,
    settings,
    targets: { node: 45, "shard worker": 15, "CPU worker": 5, Redis: 20, database: 15 },
    verifiesOffline: false,
    async kill(target, random) {
      const at = random.between(0, nodes.length - 1);
      if (isThread(target)) return killThread(nodes[at]!, threads[target]);
      if (target === "node") {
        await nodes[at]!.kill();
        return async () => {
          nodes[at] = await Victim.start(settings);
        };
      }
      const engine = target === "Redis" ? redis : mongo;
      await engine.stop("SIGKILL");
      return () => engine.start();
    },
    async verify(accounts) {
      const stores = await openMongoStores({ url: mongo.url, database, clock: realClock });
      try {
        return await verifyAll(accounts, (account) => verifyAccount(stores, account));
      } finally {
        await stores.close();
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.kill()));
      await redis.dispose();
      await mongo.dispose();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

async function verifyAll(accounts: readonly string[], verify: (account: AccountId) => Promise<Verified>) {
  const results: Verified[] = [];
  for (const account of accounts) results.push(await verify(account as AccountId));
  return results;
}
