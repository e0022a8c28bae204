import { z } from "zod";
import { HttpFailure } from "../failure.ts";
import { accountId, flag, moment, text } from "../input/fields.ts";
import { operation } from "../operation.ts";
import type { AllServices, RestoreJobs } from "../services.ts";

const tag = "Restores";

export const beginRestore = operation({
  method: "POST",
  path: "/restores",
  id: "beginRestore",
  tag,
  summary: "Bring one account back from a backup that this machine can read; `eider restore --account` asks for it",
  access: { may: "create", what: "users", whose: "any" },
  params: {
    directory: text(4096),
    account: accountId,
    as: text(256).optional(),
    replace: flag.default(false),
    until: moment.optional(),
    renew: z.enum(["changed", "all", "none"]).default("changed"),
    signedBy: text(1024).optional(),
  },
  answer: z.object({ id: z.string() }),
  async run({ directory, account, as, replace, until, renew, signedBy }, { services }) {
    const jobs = jobsOf(services);
    const id = jobs.begin({
      ...{ directory, account, replace, renew },
      as: as ?? null,
      signedBy: signedBy ?? null,
      until: until?.getTime() ?? null,
    });
    if (id === null)
      throw new HttpFailure(503, "RestoreRunning", "Another account is being restored: try again when it is done", {
        retryAfter: 10,
      });
    return { id };
  },
});

export const getRestore = operation({
  method: "GET",
  path: "/restores/{restore}",
  id: "getRestore",
  tag,
  summary: "How far a restore has come, and what became of it",
  access: { may: "create", what: "users", whose: "any" },
  params: { restore: text(64) },
  answer: z.object({
    state: z.enum(["running", "done", "failed"]),
    why: z.string().optional(),
    result: z.unknown().optional(),
  }),
  async run({ restore }, { services }) {
    const job = jobsOf(services).look(restore);
    if (!job) throw new HttpFailure(404, "RestoreNotFound", "This restore does not exist");
    return job;
  },
});

function jobsOf({ restores }: AllServices): RestoreJobs {
  if (restores) return restores;
  throw new HttpFailure(
    400,
    "RestoreNotHere",
    "With MongoDB no server is needed: `eider restore` goes right into the database",
  );
}
