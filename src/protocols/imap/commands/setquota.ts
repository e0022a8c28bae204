import { command, withAccount } from "../command.ts";
import { astring, quotaLimits } from "../wire/rules.ts";

/** SETQUOTA: for operators only, and they use other tools. */
export const setquota = command({
  name: "SETQUOTA",
  rfc: ["9208 §4.1.3", "2087 §4.1"],
  states: withAccount,
  args: { root: astring, limits: quotaLimits },
  run: () => ({ status: "NO", code: "NOPERM", text: "Quotas are set by the operator" }),
});
