import type { Database } from "bun:sqlite";
import type { LogEntry } from "../../domain/account/events.ts";
import { readTransactions, writeTransactions } from "../../domain/account/transactions-text.ts";
import type { AccountId } from "../../domain/ids.ts";
import { contiguous } from "../contiguous.ts";
import type { AppendResult, Base, BodyPlace, Compaction, Log } from "../log.ts";
import { SqliteBases } from "./bases.ts";
import type { EntryRow } from "./jobs.ts";
import { idOf, objectKey } from "./keys.ts";
import { Parcel } from "./parcel.ts";
import type { WriterConnection } from "./writer-connection.ts";

type ReadEntry = {
  seq: number;
  at: number;
  batch: string;
  checksum: string;
  first_body: number;
  body_count: number;
  transactions: string;
};

/** Entries forgotten in one transaction, so that dropping a large account keeps nobody waiting. */
const dropAtOnce = 500;

/** The log in `eider.db`: read here, written by the writer. */
export class SqliteLog implements Log {
  readonly #writer: WriterConnection;
  readonly #entries;
  readonly #bodies;
  readonly #bodiesOf;
  readonly #db: Database;
  readonly #bases: SqliteBases;
  readonly #head;
  readonly #nextAccount;

  constructor(db: Database, writer: WriterConnection) {
    this.#db = db;
    this.#writer = writer;
    this.#bases = new SqliteBases(db, writer);
    this.#entries = db.query<ReadEntry, [Uint8Array, number, number]>(
      `SELECT seq, at, batch, checksum, first_body, body_count, transactions FROM entries
       WHERE account = ? AND seq > ? AND transactions <> '' ORDER BY seq LIMIT ?`,
    );
    this.#bodies = db.query<{ id: number; bytes: Uint8Array }, [number, number]>(
      "SELECT id, bytes FROM bodies WHERE id >= ? AND id < ? ORDER BY id",
    );
    this.#bodiesOf = db.query<{ first_body: number; body_count: number }, [Uint8Array, number]>(
      "SELECT first_body, body_count FROM entries WHERE account = ? AND seq = ?",
    );
    this.#head = db.query<{ seq: number | null }, [Uint8Array]>(
      "SELECT max(seq) AS seq FROM entries WHERE account = ?",
    );
    this.#nextAccount = db.query<{ account: Uint8Array }, [Uint8Array]>(
      "SELECT account FROM entries WHERE account > ? ORDER BY account LIMIT 1",
    );
  }

  append(entries: readonly LogEntry[]): Promise<readonly AppendResult[]> {
    if (entries.length === 0) return Promise.resolve([]);
    let size = 0;
    for (const { bodies } of entries) for (const body of bodies) size += body.length;
    const parcel = new Parcel(size);
    const rows = entries.map(
      (entry): EntryRow => ({
        account: objectKey(entry.account),
        seq: entry.seq,
        at: entry.at,
        batch: entry.batch,
        checksum: entry.checksum,
        transactions: writeTransactions(entry.transactions),
        bodies: entry.bodies.map((body) => parcel.add(body)),
      }),
    );
    return this.#writer.ask("append", { entries: rows }, `append ${rows.length} log entries`, parcel.buffer);
  }

  async read(account: AccountId, after: number, limit: number, bodies: "bodies" | "no bodies"): Promise<LogEntry[]> {
    const rows = this.#entries.all(objectKey(account), after, limit);
    const found = await contiguous(account, after, rows, () => this.#bases.compactionNow(account));
    return found.map((row) => ({
      account,
      seq: row.seq,
      at: row.at,
      batch: row.batch,
      transactions: readTransactions(row.transactions),
      checksum: row.checksum,
      bodies: bodies === "bodies" && row.body_count > 0 ? this.#bodiesFrom(row) : [],
    }));
  }

  #bodiesFrom({ first_body, body_count }: ReadEntry): Uint8Array[] {
    const bodies: Uint8Array[] = Array.from({ length: body_count }, () => new Uint8Array(0));
    for (const { id, bytes } of this.#bodies.all(first_body, first_body + body_count)) bodies[id - first_body] = bytes;
    return bodies;
  }

  async heads(accounts: readonly AccountId[]): Promise<number[]> {
    return accounts.map((account) => this.#head.get(objectKey(account))?.seq ?? 0);
  }

  /** One step in the index for each entry, and one for each run of bodies that lie side by side, as neighbours mostly do. */
  async bodies(account: AccountId, wanted: readonly BodyPlace[]): Promise<(Uint8Array | null)[]> {
    const key = objectKey(account);
    const found: (Uint8Array | null)[] = new Array(wanted.length).fill(null);
    // One snapshot for all: without it every statement takes and releases the file's lock.
    this.#db.run("BEGIN");
    try {
      const ids = this.#bodyIds(key, wanted);
      for (let from = 0; from < ids.length; ) {
        const first = ids[from]!;
        let to = from + 1;
        while (to < ids.length && first !== null && ids[to] === first + to - from) to++;
        if (first !== null) {
          // A row that is not there leaves the others where they are.
          const rows = this.#bodies.all(first, first + to - from);
          for (const { id, bytes } of rows) found[from + id - first] = bytes;
        }
        from = to;
      }
    } finally {
      this.#db.run("COMMIT");
    }
    return found;
  }

  #bodyIds(key: Uint8Array, wanted: readonly BodyPlace[]): (number | null)[] {
    let known: { seq: number; row: { first_body: number; body_count: number } | null } | null = null;
    return wanted.map(({ seq, index }) => {
      if (known?.seq !== seq) known = { seq, row: this.#bodiesOf.get(key, seq) };
      const { row } = known;
      return row !== null && index >= 0 && index < row.body_count ? row.first_body + index : null;
    });
  }

  dropBodies(account: AccountId, places: readonly BodyPlace[]): Promise<void> {
    return this.#bases.dropBodies(account, places);
  }

  putBodies(account: AccountId, bodies: readonly (BodyPlace & { readonly bytes: Uint8Array })[]): Promise<void> {
    return this.#bases.putBodies(account, bodies);
  }

  compaction(account: AccountId): Promise<Compaction> {
    return this.#bases.compaction(account);
  }

  base(account: AccountId): Promise<Base | null> {
    return this.#bases.base(account);
  }

  saveBase(base: Base): Promise<void> {
    return this.#bases.saveBase(base);
  }

  trim(account: AccountId, after: number, through: number, kept: readonly BodyPlace[]): Promise<void> {
    return this.#bases.trim(account, after, through, kept);
  }

  /** One step in the index for each account, however long its log is. */
  async *accounts(): AsyncGenerator<AccountId> {
    let row = this.#nextAccount.get(new Uint8Array(0));
    while (row !== null) {
      yield idOf<AccountId>(row.account);
      row = this.#nextAccount.get(row.account);
    }
  }

  async drop(account: AccountId, before?: number): Promise<void> {
    if (before === undefined) await this.#writer.ask("dropBase", { account: objectKey(account) }, "drop a log");
    const ask = { account: objectKey(account), before: before ?? Number.MAX_SAFE_INTEGER, limit: dropAtOnce };
    while ((await this.#writer.ask("dropEntries", ask, "drop a log")) === dropAtOnce);
  }
}
