import { stateContract } from "../state.contract.ts";
import { waysToRun } from "./temporary-stores.ts";

for (const [name, open] of waysToRun) stateContract(name, () => open());
