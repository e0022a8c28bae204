import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { blobIdOf, bytesOf, entryOf, newAccountId } from "../contract-fixtures.ts";
import { StoreUnavailable } from "../log.ts";
import { blobPath, temporaryDirectory } from "./blob-files.ts";
import { SqliteLog } from "./log.ts";
import { openForReading } from "./open-file.ts";
import { openSqliteStores, openSqliteStoresInThread } from "./open-stores.ts";
import { prepareDataDirectory, startSqliteWriter } from "./start-writer.ts";
import { temporaryDataDir } from "./temporary-stores.ts";
import { ThreadConnection } from "./thread-connection.ts";
import type { Control } from "./writer-connection.ts";

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

function directory(): string {
  const { dataDir, remove } = temporaryDataDir();
  cleaning.push(remove);
  return dataDir;
}

// Not `expect().rejects`: it waits inside the running task, and a message port delivers nothing more until that ends.
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

/** A log in this thread whose file may grow only to `pages`, until it is told otherwise. */
function limitedLog() {
  const dataDir = directory();
  const lock = prepareDataDirectory(dataDir);
  const connection = new ThreadConnection(dataDir);
  const reader = openForReading(dataDir, "truth");
  cleaning.push(
    lock.release,
    () => connection.close(),
    () => reader.close(),
  );
  const limit = (pages: number) => connection.queues.truth.db.run(`PRAGMA max_page_count = ${pages}`);
  const { page_count } = reader.query("PRAGMA page_count").get() as { page_count: number };
  return { log: new SqliteLog(reader, connection), limit, pages: page_count };
}

test("disk full: refused as certainly not kept, nothing half-kept, and it goes on when there is space", async () => {
  const { log, limit, pages } = limitedLog();
  limit(pages + 20);
  const entry = entryOf(newAccountId(), 1, { bodies: [bytesOf(10), bytesOf(400_000)] });
  const failure = (await failureOf(log.append([entry]))) as StoreUnavailable;
  expect(failure).toBeInstanceOf(StoreUnavailable);
  expect(failure.message).toBe("Cannot append 1 log entries: the disk is full");
  expect(failure.kept).toBe("no");
  expect(await log.heads([entry.account])).toEqual([0]);
  expect(await log.bodies(entry.account, [{ seq: 1, index: 0 }])).toEqual([null]);
  limit(100_000);
  expect(await log.append([entry])).toEqual(["appended"]);
  const [kept] = await log.read(entry.account, 0, 5, "bodies");
  expect(kept!.bodies.map(blobIdOf)).toEqual(entry.bodies.map(blobIdOf));
});

test("one append that does not fit fails alone; those that waited with it are kept", async () => {
  const { log, limit, pages } = limitedLog();
  limit(pages + 20);
  const small = [entryOf(newAccountId(), 1), entryOf(newAccountId(), 1, { bodies: [bytesOf(100)] })];
  const big = entryOf(newAccountId(), 1, { bodies: [bytesOf(400_000)] });
  const answers = await Promise.all([
    log.append([small[0]!]),
    failureOf(log.append([big])),
    log.append([small[1]!]),
    log.append([entryOf(small[0]!.account, 1)]),
  ]);
  expect(answers[0]).toEqual(["appended"]);
  expect(answers[1]).toBeInstanceOf(StoreUnavailable);
  expect(answers[2]).toEqual(["appended"]);
  expect(answers[3]).toEqual(["conflict"]);
  expect(await log.heads([...small, big].map(({ account }) => account))).toEqual([1, 1, 0]);
});

test("a writer that dies is replaced: what was on its way is refused as unknown, the next append goes through", async () => {
  const dataDir = directory();
  let deaths = 0;
  const writer = await startSqliteWriter({ dataDir, onDeath: () => deaths++ });
  cleaning.push(() => writer.close());
  const stores = openSqliteStores({ dataDir, writer: writer.connect() });
  cleaning.push(() => stores.close());
  const account = newAccountId();
  expect(await stores.log.append([entryOf(account, 1)])).toEqual(["appended"]);

  const control = writer.connect();
  const ports = await new Promise<MessagePort>((resolve) =>
    control.on("message", (message: Control) => "ports" in message && resolve(message.ports.truth)),
  );
  ports.postMessage(null);
  const answers: unknown[] = [];
  for (
    let seq = 2;
    deaths === 0 || answers.at(-1) instanceof Error;
    seq = (await stores.log.heads([account]))[0]! + 1
  ) {
    const answer = await stores.log.append([entryOf(account, seq)]).catch((error: unknown) => error);
    answers.push(answer);
    if (answer instanceof Error) expect(answer).toBeInstanceOf(StoreUnavailable);
    else expect(answer).toEqual(["appended"]);
  }
  expect(deaths).toBe(1);
  control.close();
  expect(await stores.directory.putSettingOnce("after", "death")).toBe("death");
});

test("closed, it refuses at once", async () => {
  const dataDir = directory();
  const stores = openSqliteStoresInThread({ dataDir });
  await stores.close();
  expect(await failureOf(stores.log.append([entryOf(newAccountId(), 1)]))).toBeInstanceOf(StoreUnavailable);
});

test("what an interrupted put left behind is removed at start", async () => {
  const dataDir = directory();
  await openSqliteStoresInThread({ dataDir }).close();
  writeFileSync(`${temporaryDirectory(dataDir)}/left`, "half a blob");
  await openSqliteStoresInThread({ dataDir }).close();
  expect(readdirSync(temporaryDirectory(dataDir))).toEqual([]);
});

test("a put that the disk refuses says so, leaves nothing, and works again afterwards", async () => {
  const dataDir = directory();
  const stores = openSqliteStoresInThread({ dataDir });
  cleaning.push(() => stores.close());
  const bytes = bytesOf(300_000);
  rmSync(temporaryDirectory(dataDir), { recursive: true });
  const writer = stores.blobs.create();
  expect(await failureOf(writer.write(bytes))).toBeInstanceOf(Error);
  mkdirSync(temporaryDirectory(dataDir));
  const again = stores.blobs.create();
  await again.write(bytes);
  const { blob } = await again.finish();
  expect(existsSync(blobPath(dataDir, blob))).toBe(true);
  expect(readdirSync(temporaryDirectory(dataDir))).toEqual([]);
});

test("a row whose file a crash took with it is forgotten by the sweep, and the blob can be put again", async () => {
  const dataDir = directory();
  const stores = openSqliteStoresInThread({ dataDir });
  cleaning.push(() => stores.close());
  const put = async () => {
    const writer = stores.blobs.create();
    await writer.write(bytesOf(5_000));
    return (await writer.finish()).blob;
  };
  const blob = await put();
  rmSync(blobPath(dataDir, blob));
  expect(await stores.blobs.read(blob, 0, 10)).toBeNull();
  expect(await stores.blobs.sweep(Date.now() + 1000)).toEqual({ deleted: 0, bytes: 0 });
  await put();
  expect(await stores.blobs.read(blob, 0, 5)).toHaveLength(5);
  expect(await stores.blobs.sweep(Date.now() + 1000)).toEqual({ deleted: 1, bytes: 5_000 });
});
