import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { AccountId } from "../../domain/ids.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import { temporaryDataDir } from "../../store/sqlite/temporary-stores.ts";
import type { Stores } from "../../store/stores.ts";
import { repairAccount } from "./repair.ts";
import { newAccount, type TestShard, testShard } from "./shard.testing.ts";
import { verifyAccount } from "./verify.ts";

describe("verify", () => {
  let dataDir: string;
  let remove: () => void;
  let stores: Stores;
  let account: AccountId;

  /** Works on an account with a little of everything, written behind, and then on its files. */
  async function after(damage: (data: string) => void): Promise<void> {
    let shard: TestShard = testShard(stores);
    await shard.open(account);
    for (let n = 0; n < 5; n++) await shard.deliver(account, `m${n}`);
    await shard.shard.ask(account, { kind: "uploadBegin", upload: "u" });
    await shard.shard.ask(account, { kind: "uploadWrite", upload: "u", bytes: Buffer.alloc(200_000, "x") });
    const source = { kind: "upload", upload: "u" } as const;
    await shard.change(account, "u", { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
    await shard.change(account, "x", { kind: "expunge", mailbox: { path: "INBOX" }, uids: [2, 2], which: "any" });
    await shard.shard.close();
    await stores.close();
    damage(dataDir);
    stores = openSqliteStoresInThread({ dataDir });
    shard = testShard(stores);
  }

  const execute = (file: string, sql: string): void => {
    const database = new Database(join(dataDir, file));
    database.run(sql);
    database.close();
  };

  beforeEach(() => {
    ({ dataDir, remove } = temporaryDataDir());
    stores = openSqliteStoresInThread({ dataDir });
    account = newAccount();
  });
  afterEach(async () => {
    await stores.close();
    remove();
  });

  test("finds nothing in a sound account", async () => {
    await after(() => {});
    expect(await verifyAccount(stores, account)).toMatchObject({ entries: 8, messages: 5, findings: [] });
  });

  test("names a missing and a torn blob, which nothing can bring back", async () => {
    const blobFile = (): string => {
      const blobs = join(dataDir, "blobs");
      const folder = readdirSync(blobs).find((name) => name.length === 2)!;
      return join(blobs, folder, readdirSync(join(blobs, folder))[0]!);
    };
    await after(() => truncateSync(blobFile(), 1000));
    const { findings } = await verifyAccount(stores, account);
    expect(findings).toMatchObject([{ what: "blob", repair: null }]);
    expect(findings[0]!.text).toContain("ends after 1000 of");
  });

  test("finds a hole in the log", async () => {
    await after(() => execute("eider.db", "DELETE FROM entries WHERE seq = 4"));
    const { findings } = await verifyAccount(stores, account);
    expect(findings.map(({ what, text }) => `${what}: ${text}`)).toContain(
      "log: entry 4 is missing; what comes after it cannot be replayed",
    );
  });

  test("finds missing records and a snapshot that is not the log's, and makes them again", async () => {
    await after(() => {
      execute("state.db", "DELETE FROM messages");
      execute("state.db", "UPDATE parts SET bytes = zeroblob(length(bytes))");
    });
    const before = await verifyAccount(stores, account);
    expect(new Set(before.findings.map(({ what }) => what))).toEqual(new Set(["snapshot", "record"]));
    expect(await repairAccount(stores, before)).toHaveLength(2);
    expect((await verifyAccount(stores, account)).findings).toEqual([]);
    const shard = testShard(stores);
    expect((await shard.inbox(account)).length).toBe(5);
    await shard.shard.close();
    expect((await verifyAccount(stores, account)).findings).toEqual([]);
  });

  test("what was expunged and swept does not stand in the way of a rebuild from the log alone", async () => {
    const shard = testShard(stores, { retention: 0 });
    await shard.open(account);
    await shard.shard.ask(account, { kind: "uploadBegin", upload: "u" });
    await shard.shard.ask(account, { kind: "uploadWrite", upload: "u", bytes: Buffer.alloc(200_000, "x") });
    const source = { kind: "upload", upload: "u" } as const;
    await shard.change(account, "u", { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
    await shard.change(account, "x", { kind: "expunge", mailbox: { path: "INBOX" }, uids: "all", which: "any" });
    await shard.deliver(account, "stays");
    await Bun.sleep(2);
    await shard.shard.close();
    expect((await stores.blobs.sweep(Date.now() + 2 * 86_400_000)).deleted).toBe(1);
    await stores.state.drop(account);
    const rebuilt = testShard(stores);
    expect((await rebuilt.inbox(account)).map(({ uid }) => uid)).toEqual([2]);
    await rebuilt.shard.close();
    expect(rebuilt.faults).toEqual([]);
    const verified = await verifyAccount(stores, account);
    expect(verified.findings).toEqual([]);
    expect((await stores.state.loadSnapshot(account))?.seq).toBe(verified.entries);
  });
});
