import { command } from "../command.ts";
import { err, ok } from "../reply.ts";
import { nothing } from "../wire/rules.ts";

/** STLS: from the reply on the connection is encrypted, and all that was said before is forgotten. */
export const stls = command({
  name: "STLS",
  rfc: ["2595 §4", "6856 §2"],
  states: ["authorization"],
  args: nothing,
  run(_call, session) {
    if (session.secure) return err("Already encrypted");
    session.upgradeAfterReply();
    return ok("begin TLS negotiation");
  },
});
