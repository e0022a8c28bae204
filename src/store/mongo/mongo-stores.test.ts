import { describe, setDefaultTimeout, test } from "bun:test";
import { isThere, mongoEngine } from "../../../test/engines.ts";
import { blobsContract } from "../blobs.contract.ts";
import { compactionContract } from "../compaction.contract.ts";
import { directoryContract } from "../directory.contract.ts";
import { logContract } from "../log.contract.ts";
import { stateContract } from "../state.contract.ts";
import { openTestDatabase } from "./test-database.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(60_000);

const engine = await mongoEngine();

if (!isThere(engine)) describe("MongoDB stores", () => test.skip(engine.missing, () => {}));
else {
  logContract("MongoDB", () => openTestDatabase(engine.url));
  compactionContract("MongoDB", () => openTestDatabase(engine.url));
  stateContract("MongoDB", () => openTestDatabase(engine.url));
  blobsContract("MongoDB", (clock) => openTestDatabase(engine.url, clock));
  directoryContract("MongoDB", () => openTestDatabase(engine.url));
}
