import { command } from "../command.ts";

/** CHECK: what was answered OK is durable already; as NOOP. */
export const check = command({
  name: "CHECK",
  rfc: ["3501 §6.4.1"],
  states: ["selected"],
  catchesUp: true,
  args: {},
  run: () => ({ status: "OK", text: "CHECK completed" }),
});
