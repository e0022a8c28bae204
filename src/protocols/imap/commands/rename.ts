import { command, withAccount } from "../command.ts";
import { mailbox } from "../wire/rules.ts";

/** RENAME: a mailbox with all that is below it; of INBOX, its messages move to the new name. */
export const rename = command({
  name: "RENAME",
  rfc: ["3501 §6.3.5", "9051 §6.3.6"],
  states: withAccount,
  args: { from: mailbox, to: mailbox },
  async run({ args: { from, to } }, session) {
    const outcome = await session.change({ kind: "renameMailbox", from: { path: from }, path: to });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    return { status: "OK", text: "RENAME completed" };
  },
});
