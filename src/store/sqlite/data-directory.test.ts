import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataDirectoryInUse } from "./data-lock.ts";
import { openSqliteStoresInThread } from "./open-stores.ts";
import { SchemaTooNew, schemas } from "./schema.ts";
import { startSqliteWriter } from "./start-writer.ts";
import { temporaryDataDir } from "./temporary-stores.ts";

test("a second server is kept out of the data directory, and told by whom", async () => {
  const { dataDir, remove } = temporaryDataDir();
  const first = openSqliteStoresInThread({ dataDir });
  expect(readFileSync(join(dataDir, "lock"), "utf8")).toBe(`${process.pid}\n`);
  expect(() => openSqliteStoresInThread({ dataDir })).toThrow(DataDirectoryInUse);
  expect(() => openSqliteStoresInThread({ dataDir })).toThrow(`process ${process.pid} uses it`);
  await first.close();
  await openSqliteStoresInThread({ dataDir }).close();
  remove();
});

test("the lock dies with its process, however that ends", async () => {
  const { dataDir, remove } = temporaryDataDir();
  const program = `
    const { openSqliteStoresInThread } = await import(${JSON.stringify(join(import.meta.dir, "open-stores.ts"))});
    openSqliteStoresInThread({ dataDir: ${JSON.stringify(dataDir)} });
    console.log("locked");
    await new Promise(() => setInterval(() => {}, 1000));
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  await child.stdout.getReader().read();
  expect(() => openSqliteStoresInThread({ dataDir })).toThrow(`process ${child.pid} uses it`);
  child.kill("SIGKILL");
  await child.exited;
  await openSqliteStoresInThread({ dataDir }).close();
  remove();
});

test("a directory of a newer schema is refused in plain words, and left as it is", async () => {
  const { dataDir, remove } = temporaryDataDir();
  await openSqliteStoresInThread({ dataDir }).close();
  const file = join(dataDir, "eider.db");
  const setVersion = (version: number) => {
    const db = new Database(file);
    db.run(`PRAGMA user_version = ${version}`);
    db.close();
  };
  setVersion(99);
  expect(() => openSqliteStoresInThread({ dataDir })).toThrow(SchemaTooNew);
  const failure = await startSqliteWriter({ dataDir }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SchemaTooNew);
  expect((failure as Error).message).toContain("it has schema 99");
  setVersion(schemas.truth.length);
  const writer = await startSqliteWriter({ dataDir });
  await writer.close();
  remove();
});
