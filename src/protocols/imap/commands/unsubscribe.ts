import { command, withAccount } from "../command.ts";
import { mailbox } from "../wire/rules.ts";

/** UNSUBSCRIBE: a name the client does not want to see in LSUB any more. */
export const unsubscribe = command({
  name: "UNSUBSCRIBE",
  rfc: ["3501 §6.3.7"],
  states: withAccount,
  args: { path: mailbox },
  async run({ args: { path } }, session) {
    const outcome = await session.change({ kind: "unsubscribe", path });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    return { status: "OK", text: "UNSUBSCRIBE completed" };
  },
});
