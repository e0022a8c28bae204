import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { CommandStartedEvent, Document } from "mongodb";
import { isThere, mongoEngine } from "../../../test/engines.ts";
import { manualClock } from "../contract-fixtures.ts";
import { everyOperation } from "./every-operation.ts";
import { indexes } from "./indexes.ts";
import { shardCommands, shardKeys } from "./shard-keys.ts";
import { openTestDatabase, type TestDatabase } from "./test-database.ts";

setDefaultTimeout(60_000);

test("every collection with an index has its line, and every unique index begins with the key's fields", () => {
  expect(Object.keys(shardKeys)).toEqual(expect.arrayContaining(Object.keys(indexes)));
  for (const [collection, descriptions] of Object.entries(indexes)) {
    const key = shardKeys[collection];
    if (!key) continue;
    const fields = Object.keys(key);
    for (const { name, unique, key: index } of descriptions) {
      if (!unique) continue;
      expect([collection, name, Object.keys(index).slice(0, fields.length)]).toEqual([collection, name, fields]);
    }
  }
});

test("docs/scaling.md has the very commands", async () => {
  const text = await Bun.file(new URL("../../../docs/scaling.md", import.meta.url)).text();
  expect(text).toContain(`\`\`\`js\n${shardCommands("eider")}\n\`\`\``);
});

/** What is asked of all shards at once, and why that is no matter. */
const scattered: Readonly<Record<string, string>> = {
  "aggregate log": "lists all accounts, for verification",
  "find blobrefs account": "an account is deleted",
  "delete blobrefs _id": "an account is deleted",
  "find addresses user": "an address book page of the API",
  "delete addresses user": "a user is deleted",
  "delete addresses _id": "two users wanted one address at the same moment",
  "update addresses _id": "a user is added",
  "find attachments.files metadata.freed": "the sweep, once an hour",
  "find attachments.files _id": "the sweep, after a crash",
  "update attachments.files _id": "the sweep",
  "delete attachments.files _id": "the sweep",
};

const engine = await mongoEngine();
if (!isThere(engine)) describe("sharded", () => test.skip(engine.missing, () => {}));
else
  describe("sharded", () => {
    let stores: TestDatabase;
    const heard: CommandStartedEvent[] = [];
    beforeAll(async () => {
      const clock = manualClock();
      stores = await openTestDatabase(engine.url, clock, (command) => heard.push(command));
      await everyOperation(stores, clock);
    });
    afterAll(() => stores.close());

    test("every operation names the value that its documents are sharded by, but for rare ones that are known", () => {
      const found = new Set<string>();
      let targeted = 0;
      for (const { commandName, command } of heard) {
        const collection = command[commandName] as string;
        const key = shardKeys[collection];
        if (!key) continue;
        const [leading] = Object.keys(key);
        for (const filter of filtersOf(commandName, command)) {
          if (leading! in filter) targeted++;
          else found.add([commandName, collection, Object.keys(filter)[0]].filter(Boolean).join(" "));
        }
      }
      expect(targeted).toBeGreaterThan(30);
      expect([...found].filter((each) => !(each in scattered))).toEqual([]);
    });
  });

/** What a command looks for; nothing for inserts, which carry all fields, and further batches. */
function filtersOf(name: string, command: Document): Document[] {
  if (name === "find") return [command.filter];
  if (name === "count" || name === "distinct") return [command.query ?? {}];
  if (name === "update") return command.updates.map(({ q }: Document) => q);
  if (name === "delete") return command.deletes.map(({ q }: Document) => q);
  if (name === "aggregate") return [command.pipeline.find((stage: Document) => stage.$match)?.$match ?? {}];
  return [];
}
