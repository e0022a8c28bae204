import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { CommandStartedEvent, Document } from "mongodb";
import { isThere, mongoEngine } from "../../../test/engines.ts";
import { addressOf, bytesOf, entryOf, manualClock, newAccountId, newMessageId, userOf } from "../contract-fixtures.ts";
import { everyOperation } from "./every-operation.ts";
import { largestEntry } from "./mongo-log.ts";
import { openTestDatabase, type TestDatabase } from "./test-database.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(60_000);

const engine = await mongoEngine();
const writes = new Set(["insert", "update", "delete", "findAndModify"]);
const reads = new Set(["find", "aggregate", "count", "distinct"]);

/** The same server, by a URL that asks for less than is right. */
function carelessly(url: string): string {
  const careless = "w=1&journal=false&readPreference=secondaryPreferred&readConcernLevel=local";
  if (url.includes("?")) return `${url}&${careless}`;
  return `${url}${/:\/\/[^/]*\//.test(url) ? "" : "/"}?${careless}`;
}

if (!isThere(engine)) describe("MongoDB on the wire", () => test.skip(engine.missing, () => {}));
else
  describe("MongoDB on the wire", () => {
    let stores: TestDatabase;
    const heard: CommandStartedEvent[] = [];
    beforeAll(async () => {
      const clock = manualClock();
      stores = await openTestDatabase(carelessly(engine.url), clock, (command) => heard.push(command));
      await everyOperation(stores, clock);
    });
    afterAll(() => stores.close());
    const named = (names: ReadonlySet<string>) => heard.filter(({ commandName }) => names.has(commandName));

    test("every write asks for the journals of a majority, whatever the URL says", () => {
      const collections = new Set(named(writes).map(({ command, commandName }) => command[commandName]));
      expect([...collections].sort()).toEqual([
        ...["addresses", "attachments.chunks", "attachments.files", "attachments.pending", "baseparts", "bases"],
        ...["blobrefs", "log"],
        ...["messages", "parts", "settings", "snapshots", "users"],
      ]);
      for (const { command } of named(writes)) expect(command.writeConcern).toEqual({ w: "majority", j: true });
    });

    test("every read asks for what a majority has", () => {
      expect(named(reads).length).toBeGreaterThan(20);
      for (const { command } of named(reads)) expect(command.readConcern).toMatchObject({ level: "majority" });
    });

    test("nothing but a small, plain part of MongoDB is used", () => {
      const others = heard
        .map(({ commandName }) => commandName)
        .filter((name) => !writes.has(name) && !reads.has(name));
      expect(others.filter((name) => !["createIndexes", "getMore", "killCursors"].includes(name))).toEqual([]);
      expect(heard.some(({ commandName }) => commandName === "findAndModify")).toBe(false);
      expect(JSON.stringify(named(reads).map(({ command }) => command))).not.toMatch(
        /\$regex|\$where|\$text|\$function/,
      );
    });

    test("every filter is served by an index", async () => {
      const shapes = new Map<string, { collection: string; find: Document }>();
      for (const { command, commandName } of heard) {
        for (const find of filtersOf(command, commandName)) {
          const collection = String(command[commandName]);
          shapes.set(`${collection} ${shapeOf(find)}`, { collection, find });
        }
      }
      expect(shapes.size).toBeGreaterThan(20);
      const scans: string[] = [];
      const { host } = (await stores.raw.command({ explain: { find: "log" }, verbosity: "queryPlanner" })).serverInfo;
      const secantus = host === "secantus";
      for (const [shape, { collection, find }] of shapes) {
        // An empty filter is a walk over all of it in the order of an index; there is nothing to serve.
        if (find.filter && Object.keys(find.filter).length === 0) continue;
        // SecantusDB's explain calls ranges of `_id` and `_id` with a condition scans; MongoDB has them from that index.
        if (secantus && "_id" in (find.filter ?? {})) continue;
        const plan = await stores.raw.command({ explain: { find: collection, ...find }, verbosity: "queryPlanner" });
        if (JSON.stringify(plan.queryPlanner).includes("COLLSCAN")) scans.push(shape);
      }
      expect(scans).toEqual([]);
    });

    test("round trips of each operation of the running server", async () => {
      const account = newAccountId();
      const trips = async (run: () => Promise<unknown>) => {
        const before = stores.roundTrips();
        const from = heard.length;
        await run();
        expect(stores.roundTrips() - before).toBe(heard.length - from);
        // Nobody waits for the tidying of `pending`.
        return heard.slice(from).filter(({ command }) => command.delete !== "attachments.pending").length;
      };
      const { log, state, blobs, directory } = stores;
      const user = userOf("bert");
      const put = async (bytes: Uint8Array) => {
        const writer = blobs.create();
        await writer.write(bytes);
        return (await writer.finish()).blob;
      };
      expect(await trips(() => log.append([entryOf(account, 1, { bodies: [bytesOf(5000)] })]))).toBe(1);
      expect(await trips(() => log.append(Array.from({ length: 50 }, () => entryOf(newAccountId(), 1))))).toBe(1);
      expect(await trips(() => log.append([entryOf(account, 1)]))).toBe(2);
      expect(await trips(() => log.read(account, 0, 1000, "bodies"))).toBe(1);
      expect(await trips(() => log.heads(Array.from({ length: 200 }, () => newAccountId())))).toBe(1);
      expect(await trips(() => log.bodies(account, [{ seq: 1, index: 0 }]))).toBe(1);
      expect(await trips(() => state.loadMessages(account, Array.from({ length: 300 }, newMessageId), ["place"]))).toBe(
        1,
      );
      expect(await trips(() => directory.insertUser(user, addressOf(user)))).toBe(4);
      expect(await trips(() => directory.userByView("bert"))).toBe(1);
      expect(await trips(() => directory.userByView("nobody", "bert"))).toBe(1);
      expect(await trips(() => directory.userById(user.id))).toBe(1);
      expect(await trips(() => directory.addressByView("bert@example.com"))).toBe(1);
      expect(await trips(() => put(bytesOf(900, 77)))).toBeLessThanOrEqual(5);
      expect(await trips(() => put(bytesOf(900, 77)))).toBe(1);
    });

    test("an entry of 12 MB is kept; a larger one is refused before anything is sent", async () => {
      const account = newAccountId();
      const fits = entryOf(account, 1, { bodies: [bytesOf(largestEntry - 1000)] });
      expect(await stores.log.append([fits])).toEqual(["appended"]);
      const [kept] = await stores.log.read(account, 0, 1, "bodies");
      expect(kept!.bodies[0]!.length).toBe(largestEntry - 1000);
      const other = entryOf(newAccountId(), 1);
      const before = stores.roundTrips();
      const large = entryOf(account, 2, { bodies: [bytesOf(largestEntry)] });
      await expect(stores.log.append([other, large])).rejects.toThrow("the limit is 12582912");
      expect(stores.roundTrips()).toBe(before);
      expect(await stores.log.heads([account, other.account])).toEqual([1, 0]);
    });

    test("events of ten thousand pieces and flags keep their order and values", async () => {
      const account = newAccountId();
      const uids = Array.from({ length: 20_000 }, (_, at) => at * 3 + 1);
      const flags = Array.from({ length: 2_000 }, (_, at) => `keyword${at}`);
      const entry = entryOf(account, 1, {
        transactions: [
          {
            request: entryOf(account, 1).transactions[0]!.request,
            events: [{ kind: "flagsChanged", mailbox: entryOf(account, 1).batch as never, uids, change: "add", flags }],
          },
        ],
      });
      await stores.log.append([entry]);
      expect((await stores.log.read(account, 0, 1, "no bodies"))[0]!.transactions).toEqual(entry.transactions);
    });
  });

/** What a command looks for, as the fields of a find. */
function filtersOf(command: Document, name: string): Document[] {
  if (name === "find") return [{ filter: command.filter, ...(command.sort && { sort: command.sort }) }];
  if (name === "update") return command.updates.map(({ q }: Document) => ({ filter: q }));
  if (name === "delete") return command.deletes.map(({ q }: Document) => ({ filter: q }));
  if (name !== "aggregate") return [];
  const [first] = command.pipeline as Document[];
  return first?.$match ? [{ filter: first.$match }] : [];
}

/** The fields and operators of a filter, without its values. */
function shapeOf(find: Document): string {
  return JSON.stringify(find, (key, value) => {
    if (key !== "" && Array.isArray(value) && key.startsWith("$in")) return [];
    return typeof value === "object" && value !== null && !("toHexString" in value) ? value : typeof value;
  });
}
