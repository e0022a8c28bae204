import { command } from "../command.ts";

/** STARTTLS: from the next octet on the connection is encrypted; what was sent behind this command is dropped. */
export const starttls = command({
  name: "STARTTLS",
  rfc: ["3501 §6.2.1", "2595 §3.1"],
  states: ["notAuthenticated"],
  args: {},
  run(_call, session) {
    if (session.socket.secure) return { status: "BAD", text: "TLS is on already" };
    session.afterwards = "startTls";
    return { status: "OK", text: "Begin TLS negotiation now" };
  },
});
