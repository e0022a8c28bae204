import { command } from "../command.ts";
import { ok } from "../reply.ts";
import { nothing } from "../wire/rules.ts";

/** NOOP: nothing, successfully. */
export const noop = command({
  name: "NOOP",
  rfc: ["1939 §5"],
  states: ["transaction"],
  args: nothing,
  run: () => ok(""),
});
