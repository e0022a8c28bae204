import { compactionContract } from "../compaction.contract.ts";
import { logContract } from "../log.contract.ts";
import { waysToRun } from "./temporary-stores.ts";

for (const [name, open] of waysToRun) {
  logContract(name, () => open());
  compactionContract(name, () => open());
}
