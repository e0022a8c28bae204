import { command } from "../command.ts";
import { ok } from "../reply.ts";
import { text } from "../wire/rules.ts";

/** USER: the first half of a login. Whether there is such a user is not told. */
export const user = command({
  name: "USER",
  rfc: ["1939 §7"],
  states: ["authorization"],
  args: text,
  run({ args: name }, session) {
    const refusal = session.refusePasswords();
    if (refusal !== null) return refusal;
    session.named = name.trim();
    return ok("send PASS");
  },
});
