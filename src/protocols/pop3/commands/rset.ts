import { command } from "../command.ts";
import { ok } from "../reply.ts";
import { nothing } from "../wire/rules.ts";

/** RSET: takes back every DELE. */
export const rset = command({
  name: "RSET",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: nothing,
  run(_call, { user }) {
    user.maildrop.reset();
    user.showMarks();
    const { messages, octets } = user.maildrop.totals();
    return ok(`maildrop has ${messages} messages (${octets} octets)`);
  },
});
