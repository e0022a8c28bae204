import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppendGatherer } from "../src/actors/account/append-gatherer.ts";
import { LocalAccounts, Watchers } from "../src/actors/account/local-accounts.ts";
import { Shard } from "../src/actors/account/shard.ts";
import { DirectoryService } from "../src/actors/directory/directory-service.ts";
import { realClock } from "../src/actors/runtime/clock.ts";
import { objectIds } from "../src/actors/runtime/object-id.ts";
import { SessionService } from "../src/actors/sessions/session-service.ts";
import { jobs } from "../src/actors/workers/jobs.ts";
import { noHoldingLimits } from "../src/domain/account/holding-limits.ts";
import { openCertificate } from "../src/operation/certificate.ts";
import { silentLogger } from "../src/operation/logger.ts";
import type { Metrics, Services } from "../src/protocols/services.ts";
import { type OpenStores, openEmbedded } from "./stores.ts";

const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** Everything below the protocols, for real, in this thread and on stores of its own: embedded ones unless told. */
export async function startTestServices(
  openStores: OpenStores = openEmbedded,
): Promise<{ services: Services; close(): Promise<void> }> {
  const parent = mkdtempSync(join(tmpdir(), "eider-test-"));
  const data = join(parent, "data");
  const { stores, hints, shared, close: closeStores } = await openStores(parent);
  const watchers = new Watchers();
  const newId = objectIds(realClock.now, (bytes) => randomBytes(bytes));
  const shard = new Shard(
    {
      stores,
      appends: new AppendGatherer(stores.log, 4),
      cpu: jobs,
      clock: realClock,
      logger: silentLogger,
      newId: newId as never,
      newBatch: () => randomHex(12),
      limits: {
        queue: 1000,
        holding: noHoldingLimits,
        messageSize: 64 * 1024 * 1024,
        retention: 14 * 86_400_000,
        appendDeadline: 5000,
      },
    },
    { hints: shared, listener: watchers, memory: 256 * 1024 * 1024 },
  );
  const accounts = new LocalAccounts(shard, watchers);
  const sessions = new SessionService({ hints, clock: realClock, node: "test", randomHex });
  const directory = new DirectoryService({
    store: stores.directory,
    accounts,
    sessions,
    cpu: jobs,
    hints,
    clock: realClock,
    logger: silentLogger,
    hostname: "localhost",
    newId,
    randomHex,
    limits: { perUser: 12, perUserAnywhere: 120, perAddress: 60, window: 120, trusted: () => false },
    quota: 0,
    checkedAtOnce: 4,
  });
  const certificate = openCertificate(
    { tls: { cert: null, key: null }, data, hostname: "localhost" } as never,
    new Date(),
  );
  const services: Services = {
    accounts,
    directory,
    sessions,
    clock: realClock,
    randomHex,
    logger: silentLogger,
    metrics: silentMetrics,
    tls: () => certificate.current(),
    hostname: "localhost",
    version: "0.0.0",
  };
  return {
    services,
    async close() {
      sessions.stop();
      directory.stop();
      await shard.close();
      await closeStores();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

const silentMetrics: Metrics = {
  command() {},
  connected() {},
  disconnected() {},
  login() {},
  received() {},
  refused() {},
};
