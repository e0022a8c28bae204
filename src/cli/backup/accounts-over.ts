import { randomBytes } from "node:crypto";
import { AppendGatherer } from "../../actors/account/append-gatherer.ts";
import { LocalAccounts, Watchers } from "../../actors/account/local-accounts.ts";
import type { Accounts } from "../../actors/account/requests.ts";
import { Shard } from "../../actors/account/shard.ts";
import { realClock } from "../../actors/runtime/clock.ts";
import { objectIds } from "../../actors/runtime/object-id.ts";
import { jobs } from "../../actors/workers/jobs.ts";
import type { Config } from "../../operation/config.ts";
import { holdingLimits } from "../../operation/holding-limits.ts";
import { silentLogger } from "../../operation/logger.ts";
import type { Hints } from "../../store/hints.ts";
import type { Stores } from "../../store/stores.ts";

/** Accounts served in this very thread, on stores of its own: what a command needs to change mail where no server is asked. */
export function accountsOver(
  stores: Stores,
  hints: Hints | null,
  config: Config,
): { accounts: Accounts; close(): Promise<void> } {
  const watchers = new Watchers();
  const shard = new Shard(
    {
      stores,
      appends: new AppendGatherer(stores.log, 1),
      cpu: jobs,
      clock: realClock,
      logger: silentLogger,
      newId: objectIds(realClock.now, (bytes) => randomBytes(bytes)) as never,
      newBatch: () => randomBytes(12).toString("hex"),
      limits: {
        queue: config.limits.queue,
        holding: holdingLimits(config.limits),
        messageSize: Number.MAX_SAFE_INTEGER,
        retention: config.limits.retention,
        appendDeadline: 8000,
      },
    },
    { hints, listener: watchers, memory: config.limits.memory },
  );
  return { accounts: new LocalAccounts(shard, watchers), close: () => shard.close() };
}
