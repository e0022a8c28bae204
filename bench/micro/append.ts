import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId } from "../../src/domain/ids.ts";
import { bytesOf, entryOf, newAccountId } from "../../src/store/contract-fixtures.ts";
import type { Log } from "../../src/store/log.ts";
import { openSqliteStores } from "../../src/store/sqlite/open-stores.ts";
import { startSqliteWriter } from "../../src/store/sqlite/start-writer.ts";

/**
 * Appends a second with bodies of 4 kB, through the whole embedded store (encoding, writer thread, answer) and by a bare loop of
 * bun:sqlite that inserts the same bytes under the same unique key, `synchronous = FULL` in both. Alternating, three
 * rounds, raw values and the ratio of the medians. Run: bun bench/micro/append.ts
 */
const seconds = 1;
const rounds = 3;
const body = bytesOf(4096);
const directory = mkdtempSync(join(tmpdir(), "eider-append-"));

type Side = { readonly name: string; run(parallel: number): Promise<number> };

function bareLoop(): Side & { close(): void } {
  const db = new Database(join(directory, "bare.db"));
  for (const pragma of ["journal_mode = WAL", "synchronous = FULL"]) db.run(`PRAGMA ${pragma}`);
  db.run(
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, account BLOB, seq INTEGER, at INTEGER, batch TEXT, checksum TEXT, transactions TEXT, body BLOB)",
  );
  db.run("CREATE UNIQUE INDEX entries_key ON entries (account, seq)");
  const insert = db.query(
    "INSERT INTO entries (account, seq, at, batch, checksum, transactions, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  return {
    name: "bare bun:sqlite",
    async run(parallel) {
      const accounts = Array.from({ length: parallel }, () => new Uint8Array(Buffer.from(newAccountId(), "hex")));
      const { batch, transactions } = entryOf(newAccountId(), 1);
      const text = JSON.stringify(transactions);
      const begin = performance.now();
      let seq = 0;
      while (performance.now() - begin < seconds * 1000) {
        seq++;
        db.run("BEGIN IMMEDIATE");
        for (const account of accounts)
          insert.run(account, seq, 1_790_000_000_000, batch, "0123456789abcdef", text, body);
        db.run("COMMIT");
      }
      return (seq * parallel * 1000) / (performance.now() - begin);
    },
    close: () => db.close(),
  };
}

function wholeStore(log: Log): Side {
  return {
    name: "embedded store",
    async run(parallel) {
      const begin = performance.now();
      let appended = 0;
      const append = async (account: AccountId) => {
        const entry = entryOf(account, 1, { bodies: [body] });
        for (let seq = 1; performance.now() - begin < seconds * 1000; seq++) {
          await log.append([{ ...entry, seq }]);
          appended++;
        }
      };
      await Promise.all(Array.from({ length: parallel }, () => append(newAccountId())));
      return (appended * 1000) / (performance.now() - begin);
    },
  };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const writer = await startSqliteWriter({ dataDir: join(directory, "data") });
const stores = openSqliteStores({ dataDir: join(directory, "data"), writer: writer.connect() });
const bare = bareLoop();
const sides: readonly Side[] = [bare, wholeStore(stores.log)];

console.log(`Bun ${Bun.version}, ${navigator.hardwareConcurrency} cores, 4 kB bodies, synchronous = FULL, appends/s`);
for (const parallel of [1, 10, 50]) {
  const found = new Map<Side, number[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 ? sides.toReversed() : sides) found.get(side)!.push(await side.run(parallel));
  }
  for (const [side, values] of found) {
    const raw = values.map((value) => value.toFixed(0)).join(" ");
    console.log(`${parallel} at once, ${side.name}: ${median(values).toFixed(0)} (${raw})`);
  }
  const [bareValues, storeValues] = sides.map((side) => median(found.get(side)!));
  const extra = (1e6 / storeValues! - 1e6 / bareValues!) * (parallel === 1 ? 1 : 0);
  console.log(
    `${parallel} at once: ${(storeValues! / bareValues!).toFixed(2)} of the bare loop${parallel === 1 ? `, ${extra.toFixed(0)} µs more a round trip` : ""}`,
  );
}
await stores.close();
await writer.close();
bare.close();
rmSync(directory, { recursive: true });
