import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, existsSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { newAccount, testShard } from "../../src/actors/account/shard.testing.ts";
import type { AccountId } from "../../src/domain/ids.ts";
import { openSqliteStoresInThread } from "../../src/store/sqlite/open-stores.ts";
import { temporaryDataDir } from "../../src/store/sqlite/temporary-stores.ts";

setDefaultTimeout(60_000);

const command = join(import.meta.dir, "../../src/cli/main.ts");

describe("eider verify on torn files", () => {
  let dataDir: string;
  let remove: () => void;
  let account: AccountId;

  beforeEach(async () => {
    ({ dataDir, remove } = temporaryDataDir());
    account = newAccount();
    const stores = openSqliteStoresInThread({ dataDir });
    const shard = testShard(stores);
    await shard.open(account);
    for (let n = 0; n < 30; n++)
      await shard.deliver(account, `m${n}`, `Subject: m${n}\r\n\r\n${"text ".repeat(1500)}\r\n`);
    await shard.shard.close();
    await stores.close();
  });
  afterEach(() => remove());

  function verify(...options: string[]): { text: string; code: number } {
    const env = { ...process.env, EIDER_DATA: dataDir, EIDER_STORE_KIND: "embedded" };
    const run = Bun.spawnSync([process.execPath, command, "verify", ...options], { env, cwd: dataDir });
    return { text: `${run.stdout}${run.stderr}`, code: run.exitCode };
  }
  async function subjects(): Promise<number> {
    const stores = openSqliteStoresInThread({ dataDir });
    const shard = testShard(stores);
    const { length } = await shard.inbox(account);
    await shard.shard.close();
    await stores.close();
    expect(shard.faults).toEqual([]);
    return length;
  }
  function overwrite(file: string, at: number, bytes: Uint8Array): void {
    const handle = openSync(join(dataDir, file), "r+");
    writeSync(handle, bytes, 0, bytes.length, at);
    closeSync(handle);
  }

  test("sound files are sound", () => {
    expect(verify()).toMatchObject({ code: 0, text: "1 accounts, 30 messages, 0 findings\n" });
  });

  for (const [what, tear] of [
    ["cut short", (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2) + 100)],
    ["emptied", (path: string) => truncateSync(path, 0)],
    ["overwritten in a page", () => overwrite("state.db", 16384 * 2, new Uint8Array(16384).fill(0xa5))],
    ["without its head", () => overwrite("state.db", 0, new Uint8Array(100))],
  ] as const) {
    test(`a state.db ${what} is found, put aside, and made again from the log`, async () => {
      tear(join(dataDir, "state.db"));
      const found = verify();
      expect(found.code).not.toBe(0);
      expect(found.text).toContain("file state.db: ");
      expect(found.text).toContain("--repair");
      const repaired = verify("--repair");
      expect(repaired.text).toContain("state.db.damaged: it is made again from the log");
      expect(repaired.code).toBe(0);
      expect(existsSync(join(dataDir, "state.db.damaged"))).toBe(true);
      expect(await subjects()).toBe(30);
      expect(verify()).toMatchObject({ code: 0, text: "1 accounts, 30 messages, 0 findings\n" });
    });
  }

  for (const [what, tear] of [
    ["cut short", (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ["overwritten in a page", () => overwrite("eider.db", 4096 * 20, new Uint8Array(4096).fill(0xa5))],
    ["without its head", () => overwrite("eider.db", 0, new Uint8Array(100))],
  ] as const) {
    test(`an eider.db ${what} is found, and it is said that only a backup helps`, () => {
      tear(join(dataDir, "eider.db"));
      for (const options of [[], ["--repair"]]) {
        const found = verify(...options);
        expect(found.code).not.toBe(0);
        expect(found.text).toContain("eider.db: ");
        expect(found.text).toContain("backup");
      }
    });
  }

  for (const options of [[], ["--repair"], ["--json"]]) {
    test(`an eider.db that is gone is not made anew: verify ${options.join(" ")}`, () => {
      rmSync(join(dataDir, "eider.db"));
      for (let run = 1; run <= 2; run++) {
        const found = verify(...options);
        expect(found.code).toBe(1);
        expect(found.text).toContain("eider.db: it is gone: restore it from a backup");
      }
      expect(existsSync(join(dataDir, "eider.db"))).toBe(false);
    });
  }
});
