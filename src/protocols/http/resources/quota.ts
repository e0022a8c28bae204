import { z } from "zod";
import { accountId } from "../input/fields.ts";
import { operation } from "../operation.ts";
import { granted } from "../refusals.ts";

export const resetQuota = operation({
  method: "POST",
  path: "/users/{user}/quota/reset",
  id: "recalculateQuota",
  tag: "Users",
  summary: "The storage a user's messages take",
  access: { may: "update", what: "users", whose: "own" },
  params: { user: accountId },
  answer: z.object({ storageUsed: z.number(), previousStorageUsed: z.number() }),
  async run({ user }, { services }) {
    // The sum is part of the account's state and changes with it: there is never another one to put right.
    const { used } = granted(await services.accounts.ask(user, { kind: "catchUp" }));
    return { storageUsed: used, previousStorageUsed: used };
  },
});
