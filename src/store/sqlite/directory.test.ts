import { directoryContract } from "../directory.contract.ts";
import { waysToRun } from "./temporary-stores.ts";

for (const [name, open] of waysToRun) directoryContract(name, () => open());
