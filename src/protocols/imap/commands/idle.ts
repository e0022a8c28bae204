import { command, withAccount } from "../command.ts";

/** IDLE: the client listens until it says DONE; the session tells it news as it happens (idle-push.ts). */
export const idle = command({
  name: "IDLE",
  rfc: ["2177 §3"],
  states: withAccount,
  catchesUp: true,
  args: {},
  run(_call, { out }) {
    out.ascii("+ idling").crlf();
    return { status: "open" };
  },
});
