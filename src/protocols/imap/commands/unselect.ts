import { command } from "../command.ts";

/** UNSELECT: closes the mailbox and expunges nothing. */
export const unselect = command({
  name: "UNSELECT",
  rfc: ["3691 §2"],
  states: ["selected"],
  args: {},
  run(_call, session) {
    session.deselect();
    return { status: "OK", text: "UNSELECT completed" };
  },
});
