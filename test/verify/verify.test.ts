import { describe, setDefaultTimeout, test } from "bun:test";
import { isThere, mongoEngine } from "../engines.ts";
import { damagedMongo } from "./mongo-store.ts";
import { damagedSqlite } from "./sqlite-store.ts";
import { verifyContract } from "./verify-contract.ts";

setDefaultTimeout(60_000);

verifyContract("embedded", damagedSqlite);
const engine = await mongoEngine();
if (isThere(engine)) verifyContract("MongoDB", () => damagedMongo(engine.url));
else describe("verify contract: MongoDB", () => test.skip(engine.missing, () => {}));
