import { blobsContract } from "../blobs.contract.ts";
import { waysToRun } from "./temporary-stores.ts";

for (const [name, open] of waysToRun) blobsContract(name, (clock) => open(clock));
