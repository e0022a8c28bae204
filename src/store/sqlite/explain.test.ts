import { Database } from "bun:sqlite";
import { expect, spyOn, test } from "bun:test";
import { addressOf, bytesOf, entryOf, newMessageId, textBytes, userOf } from "../contract-fixtures.ts";
import type { MessageField } from "../state.ts";
import type { Stores } from "../stores.ts";
import { openForReading } from "./open-file.ts";
import { openSqliteStoresInThread } from "./open-stores.ts";
import { temporaryDataDir } from "./temporary-stores.ts";

/** Statements that walk a table because that is what they are asked for: administrators counting users. */
const walks = [
  "SELECT count(*) AS count FROM users",
  "SELECT count(*) AS count FROM users WHERE instr(searched, ?) > 0",
];

/** Every operation of the four ports, once. */
async function everything({ log, state, blobs, directory }: Stores): Promise<void> {
  const user = userOf("anna");
  const account = user.id;
  const message = newMessageId();
  await log.append([entryOf(account, 1, { bodies: [bytesOf(10)] })]);
  await log.append([entryOf(account, 1)]);
  await log.read(account, 0, 10, "bodies");
  await log.heads([account]);
  await log.bodies(account, [{ seq: 1, index: 0 }]);
  for await (const _ of log.accounts());
  await log.saveBase({ account, seq: 2, at: 0, name: "a", parts: [bytesOf(1)] });
  await log.base(account);
  await log.trim(account, 0, 1, []);
  await log.dropBodies(account, [{ seq: 1, index: 0 }]);
  await log.putBodies(account, [{ seq: 1, index: 0, bytes: bytesOf(1) }]);

  const parts = new Map([["a", bytesOf(1)]]);
  await state.saveSnapshot({ account, seq: 1, head: bytesOf(1), names: ["a"], parts });
  await state.saveSnapshot({ account, seq: 2, head: bytesOf(1), names: [], parts: new Map() });
  await state.loadSnapshot(account);
  const bytes = textBytes("x");
  const record = { place: bytes, envelope: bytes, bodystructure: bytes, anatomy: bytes, summary: bytes };
  await state.saveMessages(account, [{ message, ...record }]);
  for (const field of Object.keys(record)) await state.loadMessages(account, [message], [field as MessageField]);
  await state.deleteMessages(account, [message]);

  const writer = blobs.create();
  await writer.write(bytes);
  const { blob } = await writer.finish();
  await blobs.reference([{ blob, account, message }]);
  await blobs.unreference([{ blob, account, message }]);
  await blobs.reference([{ blob, account, message }]);

  await directory.insertUser(user, addressOf(user));
  await directory.insertAddress(addressOf(user, "other@example.com"));
  await directory.userById(account);
  await directory.userByView("anna@example.com");
  await directory.userByView("nobody", "anna@example.com");
  await directory.addressByView("anna@example.com");
  await directory.addressesOf(account);
  await directory.updateUser(account, 0, { disabled: true });
  await directory.listUsers({ limit: 10, query: "a" });
  await directory.listUsers({ limit: 10, before: account });
  await directory.countUsers();
  await directory.countUsers("a");
  await directory.putSettingOnce("k", "v");
  await directory.setting("k");
  await directory.deleteAddress("other@example.com");
  await directory.deleteUser(account);

  await blobs.drop(account);
  await blobs.sweep(Date.now() + 1000);
  await state.drop(account);
  await log.drop(account);
}

test("every statement of the store finds its rows by an index", async () => {
  const { dataDir, remove } = temporaryDataDir();
  const query = spyOn(Database.prototype, "query");
  const stores = openSqliteStoresInThread({ dataDir });
  await everything(stores);
  const statements = new Set(query.mock.calls.map(([sql]) => sql as string));
  query.mockRestore();
  const plans: string[] = [];
  const files = [openForReading(dataDir, "truth"), openForReading(dataDir, "state")];
  for (const sql of statements) {
    if (/^PRAGMA/.test(sql) || walks.includes(sql)) continue;
    const stateTable = /\b(snapshots|parts|messages)\b/.test(sql);
    const steps = files[stateTable ? 1 : 0]!.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
    for (const { detail } of steps) if (/\bSCAN\b|TEMP B-TREE/.test(detail)) plans.push(`${sql}: ${detail}`);
  }
  expect(plans).toEqual([]);
  expect(statements.size).toBeGreaterThan(35);
  for (const file of files) file.close();
  await stores.close();
  remove();
});
