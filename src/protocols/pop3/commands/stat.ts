import { command } from "../command.ts";
import { ok } from "../reply.ts";
import { nothing } from "../wire/rules.ts";

/** STAT: how many messages, how many octets. */
export const stat = command({
  name: "STAT",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: nothing,
  run(_call, { user }) {
    const { messages, octets } = user.maildrop.totals();
    return ok(`${messages} ${octets}`);
  },
});
