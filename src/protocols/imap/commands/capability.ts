import { anyState, command } from "../command.ts";

/** CAPABILITY: what this server can do, on this connection, now. */
export const capability = command({
  name: "CAPABILITY",
  rfc: ["3501 §6.1.1"],
  states: anyState,
  args: {},
  run(_call, { out, capabilities }) {
    out.ascii("* CAPABILITY ").ascii(capabilities).crlf();
    return { status: "OK", text: "CAPABILITY completed" };
  },
});
