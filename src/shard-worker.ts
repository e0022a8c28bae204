import { randomBytes } from "node:crypto";
import type { MessagePort } from "node:worker_threads";
import { ShardPort } from "./actors/account/serve-shard.ts";
import { liveAsShard } from "./actors/account/shard-life.ts";
import type { AccountLimits } from "./actors/account/surroundings.ts";
import { realClock } from "./actors/runtime/clock.ts";
import { objectIds } from "./actors/runtime/object-id.ts";
import { CpuClient } from "./actors/workers/cpu-client.ts";
import type { Logger } from "./operation/logger.ts";
import { type LogLevel, PinoLogger, standardOutput } from "./operation/pino-logger.ts";
import type { Hints } from "./store/hints.ts";
import { openSqliteStores } from "./store/sqlite/open-stores.ts";
import type { Stores } from "./store/stores.ts";

/** What a shard worker needs to know; plain data but for the ports. */
export type ShardStart = {
  readonly store:
    | { kind: "embedded"; dataDir: string; writer: MessagePort }
    | { kind: "mongodb"; url: string; database: string; redis: { url: string; prefix: string } };
  readonly limits: AccountLimits;
  /** Bytes for the accounts of this worker. */
  readonly memory: number;
  readonly log: { readonly level: LogLevel; readonly readable: boolean };
};

/** The life of a shard worker: opens its own connection to the store and serves its port. */
export default async function serve({
  worker,
  start,
}: {
  worker: number;
  start: ShardStart & { port: MessagePort };
}): Promise<void> {
  const port = new ShardPort(start.port);
  const logger = PinoLogger.create({ ...start.log, output: standardOutput() }).child({ part: "shard", worker });
  const cpu = new CpuClient();
  const { stores, hints, roundTrips } = await openStore(start.store, logger);
  await liveAsShard(port, {
    stores,
    hints,
    roundTrips,
    // SQLite's writer gathers by itself while it commits; a database far away is asked seldom, for many at once.
    inFlight: start.store.kind === "embedded" ? 8 : 1,
    cpu,
    cpuReplaced: (index, cpuPort) => cpu.connect(index, cpuPort),
    clock: realClock,
    logger,
    newId: objectIds(realClock.now, (bytes) => randomBytes(bytes)) as never,
    newBatch: () => randomBytes(12).toString("hex"),
    limits: start.limits,
    memory: start.memory,
  });
}

async function openStore(
  store: ShardStart["store"],
  logger: Logger,
): Promise<{ stores: Stores; hints: Hints | null; roundTrips: () => number }> {
  if (store.kind === "embedded") {
    const stores = openSqliteStores({ dataDir: store.dataDir, writer: store.writer, clock: realClock });
    return { stores, hints: null, roundTrips: () => 0 };
  }
  // Loaded only where they are used: the embedded store starts without.
  const { openMongoStores } = await import("./store/mongo/open-mongo-stores.ts");
  const { RedisHints } = await import("./store/redis/redis-hints.ts");
  const stores = await openMongoStores({ url: store.url, database: store.database, clock: realClock });
  const hints = await RedisHints.open({ ...store.redis, clock: realClock, logger });
  return { stores, hints, roundTrips: () => stores.roundTrips() };
}
