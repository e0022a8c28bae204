import { anyState, command } from "../command.ts";

/** NOOP: nothing but the chance to hear news, of other nodes too. */
export const noop = command({
  name: "NOOP",
  rfc: ["3501 §6.1.2"],
  states: anyState,
  catchesUp: true,
  args: {},
  run: () => ({ status: "OK", text: "NOOP completed" }),
});
