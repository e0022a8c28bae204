import { randomUUID } from "node:crypto";
import type { Logger } from "../operation/logger.ts";
import type { RestoreJob, RestoreJobs, RestoreWish } from "../protocols/http/services.ts";

/** Jobs that ended are remembered so long that whoever asked hears of it. */
const remembered = 20;

/** Restores of accounts in a running server, one at a time: each reads and writes as much as the disk gives. */
export function restoreJobs(restore: (wish: RestoreWish) => Promise<unknown>, logger: Logger): RestoreJobs {
  const jobs = new Map<string, RestoreJob>();
  return {
    begin(wish) {
      if ([...jobs.values()].some(({ state }) => state === "running")) return null;
      const id = randomUUID();
      jobs.set(id, { state: "running" });
      if (jobs.size > remembered) jobs.delete(jobs.keys().next().value!);
      restore(wish).then(
        (result) => {
          jobs.set(id, { state: "done", result });
          logger.info({ account: wish.account, replace: wish.replace }, "account restored from a backup");
        },
        (err: unknown) => {
          jobs.set(id, { state: "failed", why: err instanceof Error ? err.message : String(err) });
          logger.warn({ account: wish.account, err }, "account not restored");
        },
      );
      return id;
    },
    look: (id) => jobs.get(id) ?? null,
  };
}
