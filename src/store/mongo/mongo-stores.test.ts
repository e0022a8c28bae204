import { describe, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { isThere, mongoEngine } from "../../../test/engines.ts";
import { blobsContract } from "../blobs.contract.ts";
import { manualClock } from "../contract-fixtures.ts";
import { directoryContract } from "../directory.contract.ts";
import { logContract } from "../log.contract.ts";
import { stateContract } from "../state.contract.ts";
import { type MongoStores, openMongoStores } from "./open-mongo-stores.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(60_000);

const engine = await mongoEngine();

if (!isThere(engine)) describe("MongoDB stores", () => test.skip(engine.missing, () => {}));
else {
  const open = async (clock = manualClock()): Promise<MongoStores> => {
    const database = `eider_test_${randomBytes(6).toString("hex")}`;
    const stores = await openMongoStores({ url: engine.url, database, clock });
    return {
      ...stores,
      async close() {
        await stores.close();
        const client = new MongoClient(engine.url);
        await client.db(database).dropDatabase();
        await client.close();
      },
    };
  };
  logContract("MongoDB", open);
  stateContract("MongoDB", open);
  blobsContract("MongoDB", open);
  directoryContract("MongoDB", open);
}
