import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { availableParallelism, hostname as machineName } from "node:os";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import { BoundedAccounts } from "./actors/account/bounded-accounts.ts";
import { Shards } from "./actors/account/shards.ts";
import { DirectoryService } from "./actors/directory/directory-service.ts";
import { realClock } from "./actors/runtime/clock.ts";
import { objectIds } from "./actors/runtime/object-id.ts";
import { SessionService } from "./actors/sessions/session-service.ts";
import { CpuClient } from "./actors/workers/cpu-client.ts";
import { CpuWorkers } from "./actors/workers/cpu-workers.ts";
import { restoreJobs } from "./backup/restore-jobs.ts";
import { openCertificate } from "./operation/certificate.ts";
import type { Config } from "./operation/config.ts";
import { makeFirstAccount } from "./operation/first-account.ts";
import { banner, type Endpoint } from "./operation/first-run.ts";
import { readHealth } from "./operation/health.ts";
import { holdingLimits } from "./operation/holding-limits.ts";
import { httpOptions, listenerOptions } from "./operation/listener-options.ts";
import { PrometheusMetrics } from "./operation/metrics.ts";
import { PinoLogger, standardOutput } from "./operation/pino-logger.ts";
import { closeToOthers, exposedData } from "./operation/private-files.ts";
import { rootToken } from "./operation/root-token.ts";
import type { OwnReports, Siblings } from "./operation/siblings.ts";
import { refuseMoved } from "./promote/moved-away.ts";
import { Admission } from "./protocols/admission.ts";
import { startHttp } from "./protocols/http/server.ts";
import { startImap } from "./protocols/imap/listener.ts";
import { startLmtp } from "./protocols/lmtp/start-lmtp.ts";
import { startPop3 } from "./protocols/pop3/start-pop3.ts";
import { trustedAddresses } from "./protocols/proxy-protocol.ts";
import type { Listening, Protocol, Services } from "./protocols/services.ts";
import type { ShardStart } from "./shard-worker.ts";
import type { Hints } from "./store/hints.ts";
import { LocalHints } from "./store/local/hints.ts";
import { openSqliteStores } from "./store/sqlite/open-stores.ts";
import { startSqliteWriter } from "./store/sqlite/start-writer.ts";
import type { Stores } from "./store/stores.ts";
import { refuseUnfinished } from "./store/transfer/unfinished.ts";

/** A server that is running in this process. */
export type RunningServer = {
  readonly listening: Readonly<Record<"imap" | "pop3" | "lmtp" | "http", readonly Endpoint[]>>;
  /** The account made just now, because the data directory is new. */
  readonly firstAccount: { readonly address: string; readonly password: string } | null;
  /** What a person at a terminal is shown. */
  readonly banner: string;
  readonly logger: PinoLogger;
  readonly services: Services;
  /** For tests of what happens when a worker dies. */
  readonly workers: {
    killShard(index: number): Promise<void>;
    killCpu(index: number): Promise<void>;
    /** Of the embedded store; there is none with MongoDB. */
    killWriter(): Promise<void>;
  };
  /** Database round trips so far, and what waits. */
  readonly stats: Shards<ShardStart>["stats"];
  readonly shards: Shards<ShardStart>;
  /** Reads the certificate again, and takes over the log level. */
  reload(level?: Config["log"]["level"]): Promise<void>;
  /** Takes no more connections, says goodbye to those there are, writes what is behind, and lets go of everything. */
  stop(): Promise<void>;
};

/** How long connections are given to come to a command boundary, milliseconds. */
const drainTime = 7000;

/**
 * Starts everything; throws where something that must be there is not. `siblings`: the other processes of this node,
 * where there are any, which share its ports and are asked for their part of health and metrics. `readable`: the log is
 * text for people; otherwise JSON lines.
 */
export async function startServer(
  config: Config,
  siblings?: Siblings,
  readable = process.stdout.isTTY === true,
): Promise<RunningServer> {
  const started = performance.now();
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const log = { level: config.log.level, readable };
  const logger = PinoLogger.create({ ...log, output: standardOutput() });
  const node = `${machineName()}:${process.pid}`;
  const clock = realClock;
  const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");
  const newId = objectIds(clock.now, (bytes) => randomBytes(bytes));

  if (config.store.kind === "embedded") refuseMoved(config.data);
  hideFromOthers(config.data, logger);
  const store = await openStore(config, logger);
  const spare = Math.max(1, availableParallelism() - 1);
  const cpu = new CpuClient();
  const workers = config.workers || spare;
  const cpuWorkers = new CpuWorkers({
    filename: fileURLToPath(new URL("./actors/workers/cpu-worker.ts", import.meta.url)),
    workers: config.cpu_workers || spare,
    logger,
  });
  cpuWorkers.serve(cpu);
  const shards: Shards<ShardStart> = new Shards<ShardStart>({
    filename: fileURLToPath(new URL("./shard-worker.ts", import.meta.url)),
    workers,
    startOf: () => {
      const connection = store.connect();
      const start: ShardStart = {
        store: connection,
        limits: {
          queue: config.limits.queue,
          holding: holdingLimits(config.limits),
          messageSize: config.limits.message_size,
          retention: config.limits.retention,
          logRetention: config.limits.log_retention,
          appendDeadline: config.limits.database_wait,
        },
        memory: Math.floor(config.limits.memory / workers),
        log,
      };
      return { start, transfer: connection.kind === "embedded" ? [connection.writer] : [] };
    },
    born: (worker) => queueMicrotask(() => cpuWorkers.serve(cpuUsers[worker]!)),
    logger,
  });
  const cpuUsers = Array.from({ length: workers }, (_, worker) => shards.cpuUser(worker));
  await shards.ready();

  const hints = store.hints;
  const directoryStore = shards.directory();
  try {
    await refuseUnfinished(directoryStore);
  } catch (error) {
    await Promise.all([shards.close(), cpuWorkers.close(), hints.close()]);
    await store.close();
    throw error;
  }
  const sessions = new SessionService({ hints, clock, node, randomHex });
  const directory = new DirectoryService({
    store: directoryStore,
    accounts: shards,
    sessions,
    cpu,
    hints,
    clock,
    logger,
    hostname: config.hostname,
    newId,
    randomHex,
    limits: {
      perUser: config.limits.login_failures_per_user,
      perUserAnywhere: config.limits.login_failures_per_user_anywhere,
      perAddress: config.limits.login_failures_per_address,
      window: config.limits.login_window / 1000,
      trusted: trustedAddresses(config.limits.trusted_networks),
    },
    quota: config.limits.quota,
    checkedAtOnce: 4 * (config.cpu_workers || spare),
  });
  const certificate = openCertificate(config, new Date());
  const metrics = new PrometheusMetrics(packageJson.version);
  const bounded = new BoundedAccounts(shards, {
    changes: config.limits.changes,
    bytes: Math.max(config.limits.memory / 8, 2 * config.limits.message_size),
  });
  const admission = new Admission(config.limits.deliveries, clock.monotonic, () =>
    logger.warn(
      { protocol: "lmtp", most: config.limits.deliveries },
      "more deliveries than can be carried: some are put off",
    ),
  );
  const services: Services = {
    accounts: bounded,
    directory,
    sessions,
    clock,
    randomHex,
    logger,
    metrics,
    tls: () => certificate.current(),
    hostname: config.hostname,
    version: packageJson.version,
  };
  const servicesFor = (protocol: Protocol): Services => ({
    ...services,
    accounts: bounded.seenBy(({ kind }) => {
      if (kind === "busy" || kind === "unavailable" || kind === "storeFull") metrics.refused(protocol, kind);
    }),
  });
  const firstAccount =
    config.store.kind === "embedded"
      ? await makeFirstAccount({
          store: directoryStore,
          directory,
          accounts: shards,
          hostname: config.hostname,
          random: randomBytes(16),
          now: clock.now(),
        })
      : null;

  let leaving = false;
  const running: Partial<Record<"imap" | "pop3" | "lmtp" | "http", Listening>> = {};
  const own: OwnReports = {
    metrics: () => metrics.expose(),
    health: () =>
      readHealth({
        node,
        kind: config.store.kind,
        data: config.data,
        queueLimit: config.limits.queue,
        askDatabase: () => directoryStore.setting("ping"),
        hints: config.store.kind === "mongodb" ? hints : null,
        stats: () => shards.stats(),
        connections: () => ({
          imap: running.imap?.connections() ?? 0,
          pop3: running.pop3?.connections() ?? 0,
          lmtp: running.lmtp?.connections() ?? 0,
          http: running.http?.connections() ?? 0,
        }),
        uptime: () => (performance.now() - started) / 1000,
        monotonic: clock.monotonic,
      }),
  };
  const { openStores } = store;
  const restoring = {
    accounts: shards,
    hostname: config.hostname,
    newId,
    newName: () => randomHex(12),
    now: clock.now,
  };
  const http = await startHttp(
    {
      ...servicesFor("http"),
      ready: () => !leaving,
      composer: cpu,
      metricsText: () => siblings?.metricsText() ?? own.metrics(),
      health: () => siblings?.health() ?? own.health(),
      ...(openStores
        ? {
            restores: restoreJobs(async (wish) => {
              // A tenth of a second of every start, for what few servers ever do.
              const { restoreInServer } = await import("./backup/restore-in-server.ts");
              return restoreInServer(wish, { ...restoring, openStores });
            }, logger),
          }
        : {}),
    },
    httpOptions(config, rootToken(config)),
  );
  running.http = http;
  running.imap = await startImap(servicesFor("imap"), listenerOptions(config, "imap"));
  running.pop3 = await startPop3(servicesFor("pop3"), listenerOptions(config, "pop3"));
  running.lmtp = await startLmtp(servicesFor("lmtp"), listenerOptions(config, "lmtp"), admission);
  metrics.gauge(
    "eider_active_accounts",
    "Accounts with an actor in memory.",
    async () => (await shards.stats()).actors,
  );
  metrics.gauge(
    "eider_waiting_changes",
    "Changes waiting in account actors' queues.",
    async () => (await shards.stats()).waiting,
  );
  metrics.gauge("eider_changes", "Changes under way.", () => bounded.underWay.changes);
  metrics.gauge("eider_change_bytes", "Bytes of messages in the changes under way.", () => bounded.underWay.bytes);
  metrics.gauge("eider_deliveries", "Messages on their way into mailboxes.", () => admission.gauges().inside);
  metrics.gauge(
    "eider_delivery_places",
    "Messages that may be on their way at this moment.",
    () => admission.gauges().places,
  );
  metrics.gauge(
    "eider_database_round_trips",
    "Round trips to the database so far.",
    async () => (await shards.stats()).roundTrips,
  );
  siblings?.ready(own);
  const sweep = setInterval(
    () => void shards.control("sweep").catch((err: unknown) => logger.warn({ err }, "sweep put off")),
    3_600_000,
  );
  sweep.unref();

  const listening = {
    imap: running.imap.addresses,
    pop3: running.pop3.addresses,
    lmtp: running.lmtp.addresses,
    http: running.http.addresses,
  };
  return {
    listening,
    firstAccount,
    banner: banner({
      version: packageJson.version,
      store:
        config.store.kind === "embedded"
          ? `embedded store in ${config.data}`
          : `MongoDB database ${config.mongodb.database}`,
      listening,
      account: firstAccount,
    }),
    logger,
    services,
    workers: {
      killShard: (index) => shards.killWorker(index),
      killCpu: (index) => cpuWorkers.killWorker(index),
      killWriter: () => store.killWriter(),
    },
    stats: () => shards.stats(),
    shards,
    async reload(level) {
      certificate.reload(new Date());
      await http.renewCertificate();
      if (level) logger.level = level;
    },
    async stop() {
      leaving = true;
      clearInterval(sweep);
      await Promise.all(Object.values(running).map((protocol) => protocol.drain(drainTime)));
      sessions.stop();
      directory.stop();
      await shards.close();
      await cpuWorkers.close();
      await hints.close();
      await store.close();
    },
  };
}

/** A directory that was there before, or files of a time when the shell's umask counted, may be open to all. */
function hideFromOthers(data: string, logger: PinoLogger): void {
  const exposed = exposedData(data);
  const left = new Set(closeToOthers(exposed));
  for (const path of exposed) {
    if (left.has(path)) logger.warn({ path }, "other users can read this, and its mode is not ours to change");
    else logger.warn({ path }, "other users could read this: they cannot any longer");
  }
}

type OpenStore = {
  readonly hints: Hints;
  /** What one shard worker opens its stores with. */
  connect(): ShardStart["store"];
  killWriter(): Promise<void>;
  /** Stores for this thread, where only the server can write them. */
  readonly openStores?: () => Stores;
  close(): Promise<void>;
};

async function openStore(config: Config, logger: PinoLogger): Promise<OpenStore> {
  if (config.store.kind === "embedded") {
    const writer = await startSqliteWriter({
      dataDir: config.data,
      onDeath: (err) => logger.error({ err }, "the store's writer died; it is replaced"),
    });
    return {
      hints: new LocalHints(realClock, logger),
      connect: () => ({ kind: "embedded", dataDir: config.data, writer: writer.connect() }),
      killWriter: () => writer.kill(),
      openStores: () => openSqliteStores({ dataDir: config.data, writer: writer.connect() }),
      close: () => writer.close(),
    };
  }
  const url = config.mongodb.url;
  const redisUrl = config.redis.url;
  const prefix = config.redis.prefix ?? "";
  if (url === null || redisUrl === null)
    throw new Error("Cannot open the MongoDB store: [mongodb] url and [redis] url are needed");
  // Loaded only where it is used: the embedded store starts without.
  const { RedisHints } = await import("./store/redis/redis-hints.ts");
  return {
    hints: await RedisHints.open({ url: redisUrl, prefix, clock: realClock, logger }),
    connect: () => ({ kind: "mongodb", url, database: config.mongodb.database, redis: { url: redisUrl, prefix } }),
    killWriter: async () => {},
    close: async () => {},
  };
}
