import { command } from "../command.ts";
import { err, ok } from "../reply.ts";
import { credential } from "../wire/rules.ts";

/** USER: the first half of a login. Whether there is such a user is not told. */
export const user = command({
  name: "USER",
  rfc: ["1939 §7"],
  states: ["authorization"],
  args: credential,
  run({ args: name }, session) {
    const refusal = session.refusePasswords();
    if (refusal !== null) return refusal;
    if (name === null) return err("Wrong user name or password", "AUTH");
    session.named = name.trim();
    return ok("send PASS");
  },
});
