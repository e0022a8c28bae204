import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blobPath } from "../../src/store/sqlite/blob-files.ts";
import { openSqliteStoresInThread } from "../../src/store/sqlite/open-stores.ts";
import { temporaryDataDir } from "../../src/store/sqlite/temporary-stores.ts";
import type { DamagedStore } from "./plants.ts";

const bytesOf = (id: string) => new Uint8Array(Buffer.from(id, "hex"));

/** The embedded store in a directory of its own. */
export async function damagedSqlite(): Promise<DamagedStore> {
  const { dataDir, remove } = temporaryDataDir();
  const stores = openSqliteStoresInThread({ dataDir });

  function run(file: "eider.db" | "state.db", sql: string, ...values: (string | number | Uint8Array)[]): void {
    const database = new Database(join(dataDir, file));
    try {
      if (database.run(sql, values as never).changes === 0) throw new Error(`Nothing was damaged by ${sql}`);
    } finally {
      database.close();
    }
  }
  const entry = "account = ? AND seq = ?";
  const body = `id = (SELECT first_body FROM entries WHERE ${entry})`;

  return {
    stores,
    loseEntry: async (account, seq) => run("eider.db", `DELETE FROM entries WHERE ${entry}`, bytesOf(account), seq),
    changeEntry: async (account, seq) =>
      run(
        "eider.db",
        `UPDATE entries SET transactions = replace(transactions, '"uid":', '"uid":1') WHERE ${entry}`,
        bytesOf(account),
        seq,
      ),
    garbleEntry: async (account, seq) =>
      run("eider.db", `UPDATE entries SET transactions = '[{' WHERE ${entry}`, bytesOf(account), seq),
    loseBody: async (account, seq) => run("eider.db", `DELETE FROM bodies WHERE ${body}`, bytesOf(account), seq),
    shortenBody: async (account, seq) =>
      run("eider.db", `UPDATE bodies SET bytes = substr(bytes, 1, 5) WHERE ${body}`, bytesOf(account), seq),
    loseRecord: async (account, message) =>
      run("state.db", "DELETE FROM messages WHERE account = ? AND message = ?", bytesOf(account), bytesOf(message)),
    changeRecord: async (account, message, field) =>
      run(
        "state.db",
        `UPDATE messages SET ${field} = ? WHERE account = ? AND message = ?`,
        Buffer.from("[]"),
        bytesOf(account),
        bytesOf(message),
      ),
    changeSnapshotParts: async (account) =>
      run("state.db", "UPDATE parts SET bytes = zeroblob(length(bytes)) WHERE account = ?", bytesOf(account)),
    changeSnapshotUsed: async (account) =>
      run(
        "state.db",
        `UPDATE snapshots SET head = CAST(replace(CAST(head AS TEXT), '\\"used\\":', '\\"used\\":1') AS BLOB) WHERE account = ?`,
        bytesOf(account),
      ),
    loseBlob: async (blob) => rmSync(blobPath(dataDir, blob)),
    tearBlob: async (blob) => truncateSync(blobPath(dataDir, blob), 1000),
    async changeBlob(blob) {
      const path = blobPath(dataDir, blob);
      const bytes = readFileSync(path);
      bytes[500]! ^= 1;
      writeFileSync(path, bytes);
    },
    loseReference: async ({ blob, account, message }) =>
      run(
        "eider.db",
        "DELETE FROM blob_references WHERE blob = ? AND account = ? AND message = ?",
        bytesOf(blob),
        bytesOf(account),
        bytesOf(message),
      ),
    async dump() {
      const lines: string[] = [];
      for (const file of ["eider.db", "state.db"]) {
        const database = new Database(join(dataDir, file), { readonly: true });
        const tables = database.query("SELECT name FROM sqlite_master WHERE type = 'table'").all() as {
          name: string;
        }[];
        for (const { name } of tables) {
          const columns = (database.query(`PRAGMA table_info(${name})`).all() as { name: string }[])
            .map((column) => column.name)
            .filter((column) => column !== "free_since");
          const select = columns.map((column) => `quote(${column})`).join(" || ' ' || ");
          const rows = database.query(`SELECT ${select} AS line FROM ${name}`).all() as { line: string }[];
          for (const { line } of rows) lines.push(`${name} ${line}`);
        }
        database.close();
      }
      for (const path of readdirSync(join(dataDir, "blobs"), { recursive: true }) as string[]) {
        const file = join(dataDir, "blobs", path);
        if (statSync(file).isFile())
          lines.push(`file ${path} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`);
      }
      return lines.sort();
    },
    async close() {
      await stores.close();
      remove();
    },
  };
}
