import { command, withAccount } from "../command.ts";
import { writeQuota } from "../quota-line.ts";
import { astring } from "../wire/rules.ts";

/** GETQUOTA: the one quota root there is, "". */
export const getquota = command({
  name: "GETQUOTA",
  rfc: ["9208 §4.1.1", "2087 §4.2"],
  states: withAccount,
  args: { root: astring },
  async run({ args: { root } }, session) {
    if (root !== "") return { status: "NO", code: "NONEXISTENT", text: "No such quota root" };
    writeQuota(session.out, await session.read({ kind: "mailboxes" }));
    return { status: "OK", text: "GETQUOTA completed" };
  },
});
