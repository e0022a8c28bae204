import type { KeyObject } from "node:crypto";
import type { RestoredOne, RestoreOneWish } from "../../backup/restore-one.ts";
import { connectApi } from "../api.ts";
import type { RestoreOptions } from "../commands/restore.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";

type Job = {
  readonly id: string;
  readonly state: "running" | "done" | "failed";
  readonly why?: string;
  readonly result?: unknown;
};

/**
 * Has the running server restore an account; it reads the backup itself, so the directory must be on its machine, and
 * it looks at the signature itself, for what was looked at here may have been replaced since.
 */
export async function askServerToRestore(
  { root, line, until, as, replace, renew }: RestoreOneWish,
  signedBy: KeyObject | null,
  options: RestoreOptions,
  console: Console,
): Promise<RestoredOne> {
  const api = connectApi(options, console);
  const { id } = await api.send<{ id: string }>("POST", "/restores", {
    ...{ directory: root, account: line.user.id, replace, renew },
    ...(as === null ? {} : { as }),
    ...(signedBy === null ? {} : { signedBy: signedBy.export({ type: "spki", format: "pem" }) }),
    ...(until === Number.POSITIVE_INFINITY ? {} : { until: new Date(until).toISOString() }),
  });
  for (;;) {
    const job = await api.get<Job>(`/restores/${id}`);
    if (job.state === "done") return job.result as RestoredOne;
    if (job.state === "failed") throw new CommandFailure("The server could not restore the account", job.why ?? "");
    await Bun.sleep(200);
  }
}
