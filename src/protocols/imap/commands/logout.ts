import { anyState, command } from "../command.ts";

/** LOGOUT: goodbye, said before the tagged OK (RFC 3501 §6.1.3). */
export const logout = command({
  name: "LOGOUT",
  rfc: ["3501 §6.1.3"],
  states: anyState,
  args: {},
  run(_call, session) {
    session.deselect();
    session.out.ascii("* BYE Logging out").crlf();
    session.afterwards = "end";
    return { status: "OK", text: "LOGOUT completed" };
  },
});
