import { command, withAccount } from "../command.ts";
import { mailbox } from "../wire/rules.ts";

/** SUBSCRIBE: a mailbox the client wants to see in LSUB; it must be there, and may go afterwards. */
export const subscribe = command({
  name: "SUBSCRIBE",
  rfc: ["3501 §6.3.6"],
  states: withAccount,
  args: { path: mailbox },
  async run({ args: { path } }, session) {
    const outcome = await session.change({ kind: "subscribe", path });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    return { status: "OK", text: "SUBSCRIBE completed" };
  },
});
