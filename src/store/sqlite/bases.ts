import type { Database } from "bun:sqlite";
import type { AccountId } from "../../domain/ids.ts";
import type { Base, BodyPlace, Compaction, Log } from "../log.ts";
import { objectKey } from "./keys.ts";
import { Parcel } from "./parcel.ts";
import type { WriterConnection } from "./writer-connection.ts";

/** Entries trimmed, and bodies put or dropped, in one job: the writer looks at what else waits in between. */
const atOnce = 200;

type BaseMethods = "compaction" | "base" | "saveBase" | "trim" | "dropBodies" | "putBodies";

/** The log's compaction in `eider.db`: read here, written by the writer. */
export class SqliteBases implements Pick<Log, BaseMethods> {
  readonly #db: Database;
  readonly #writer: WriterConnection;
  readonly #row;
  readonly #parts;

  constructor(db: Database, writer: WriterConnection) {
    this.#db = db;
    this.#writer = writer;
    this.#row = db.query<{ seq: number; at: number; name: string; trimmed: number }, [Uint8Array]>(
      "SELECT seq, at, name, trimmed FROM bases WHERE account = ?",
    );
    this.#parts = db.query<{ bytes: Uint8Array }, [Uint8Array, string]>(
      "SELECT bytes FROM base_parts WHERE account = ? AND name = ? ORDER BY part",
    );
  }

  compactionNow(account: AccountId): Compaction {
    const row = this.#row.get(objectKey(account));
    return { base: row?.seq ?? 0, trimmed: row?.trimmed ?? 0 };
  }

  async compaction(account: AccountId): Promise<Compaction> {
    return this.compactionNow(account);
  }

  async base(account: AccountId): Promise<Base | null> {
    const key = objectKey(account);
    // One transaction, so that the row and its parts are of one base.
    return this.#db.transaction(() => {
      const row = this.#row.get(key);
      if (row === null) return null;
      const { seq, at, name } = row;
      return { account, seq, at, name, parts: this.#parts.all(key, name).map(({ bytes }) => bytes) };
    })();
  }

  async saveBase({ account, seq, at, name, parts }: Base): Promise<void> {
    const key = objectKey(account);
    const what = `save the base at ${seq}`;
    for (const [part, bytes] of parts.entries()) {
      const parcel = new Parcel(bytes.length);
      const ask = { account: key, name, part, seq, bytes: parcel.add(bytes) };
      await this.#writer.ask("putBasePart", ask, what, parcel.buffer);
    }
    await this.#writer.ask("putBase", { account: key, seq, at, name, parts: parts.length }, what);
  }

  async trim(account: AccountId, after: number, through: number, kept: readonly BodyPlace[]): Promise<void> {
    for (let from = after; from < through; from += atOnce) {
      const to = Math.min(from + atOnce, through);
      const here = kept.filter(({ seq }) => seq > from && seq <= to);
      await this.#writer.ask(
        "trim",
        { account: objectKey(account), after: from, through: to, kept: here },
        "trim a log",
      );
    }
  }

  async dropBodies(account: AccountId, places: readonly BodyPlace[]): Promise<void> {
    for (let from = 0; from < places.length; from += atOnce) {
      const ask = { account: objectKey(account), places: places.slice(from, from + atOnce) };
      await this.#writer.ask("dropBodies", ask, "drop bodies of a log");
    }
  }

  async putBodies(account: AccountId, bodies: readonly (BodyPlace & { readonly bytes: Uint8Array })[]): Promise<void> {
    const bySeq = Map.groupBy(bodies, ({ seq }) => seq);
    for (const [seq, some] of bySeq) {
      const parcel = new Parcel(some.reduce((sum, { bytes }) => sum + bytes.length, 0));
      const entry = { seq, bodies: some.map(({ index, bytes }) => ({ index, bytes: parcel.add(bytes) })) };
      await this.#writer.ask(
        "putBodies",
        { account: objectKey(account), entries: [entry] },
        "put bodies",
        parcel.buffer,
      );
    }
  }
}
