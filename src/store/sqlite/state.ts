import type { Database } from "bun:sqlite";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { MessageField, Snapshot, State, StoredMessage } from "../state.ts";
import type { MessageRow } from "./jobs.ts";
import { objectKey } from "./keys.ts";
import { Parcel } from "./parcel.ts";
import type { WriterConnection } from "./writer-connection.ts";

/** Rows written or forgotten in one job: the writer looks at what else waits in between. */
const rowsAtOnce = 500;
/** Ids in one statement. */
const readAtOnce = [500, 64, 8, 1] as const;
const allFields = ["place", "envelope", "bodystructure", "anatomy", "summary"] as const satisfies MessageField[];

/** The folded state in `state.db`: read here, written by the writer. */
export class SqliteState implements State {
  readonly #db: Database;
  readonly #writer: WriterConnection;
  readonly #snapshot;
  readonly #parts;

  constructor(db: Database, writer: WriterConnection) {
    this.#db = db;
    this.#writer = writer;
    this.#snapshot = db.query<{ seq: number; head: Uint8Array }, [Uint8Array]>(
      "SELECT seq, head FROM snapshots WHERE account = ?",
    );
    this.#parts = db.query<{ name: string; bytes: Uint8Array }, [Uint8Array]>(
      "SELECT name, bytes FROM parts WHERE account = ?",
    );
  }

  async saveSnapshot({ account, seq, head, names, parts }: Snapshot): Promise<void> {
    let size = head.length;
    for (const bytes of parts.values()) size += bytes.length;
    const parcel = new Parcel(size);
    const ask = {
      account: objectKey(account),
      seq,
      head: parcel.add(head),
      names,
      parts: [...parts].map(([name, bytes]) => ({ name, bytes: parcel.add(bytes) })),
    };
    await this.#writer.ask("saveSnapshot", ask, `save the snapshot at ${seq}`, parcel.buffer);
  }

  async loadSnapshot(account: AccountId) {
    const key = objectKey(account);
    // One transaction, so that head and parts are of one snapshot.
    return this.#db.transaction(() => {
      const row = this.#snapshot.get(key);
      if (row === null) return null;
      return { ...row, parts: new Map(this.#parts.all(key).map(({ name, bytes }) => [name, bytes])) };
    })();
  }

  async dropSnapshot(account: AccountId): Promise<void> {
    await this.#writer.ask("dropSnapshot", { account: objectKey(account) }, "drop a snapshot");
  }

  async saveMessages(account: AccountId, messages: readonly StoredMessage[]): Promise<void> {
    const jobs: Promise<null>[] = [];
    for (let at = 0; at < messages.length; at += rowsAtOnce) {
      jobs.push(this.#saveSome(objectKey(account), messages.slice(at, at + rowsAtOnce)));
    }
    await Promise.all(jobs);
  }

  /**
   * Ids go to SQLite many at a time: a statement for each costs twice the time. Their number is rounded up, so that few
   * statements are ever prepared.
   */
  async loadMessages<F extends MessageField>(
    account: AccountId,
    messages: readonly MessageId[],
    fields: readonly F[],
  ): Promise<(Pick<StoredMessage, F> | null)[]> {
    const key = objectKey(account);
    const columns = allFields.filter((field) => (fields as readonly MessageField[]).includes(field));
    const found = new Map<string, Pick<StoredMessage, F>>();
    for (let at = 0; at < messages.length; at += readAtOnce[0]) {
      const ids = messages.slice(at, at + readAtOnce[0]).map(objectKey);
      const size = readAtOnce.findLast((size) => size >= ids.length)!;
      while (ids.length < size) ids.push(ids[0]!);
      const rows = this.#db
        .query<unknown, Uint8Array[]>(
          `SELECT lower(hex(message)), ${columns.join(", ") || "1"} FROM messages
           WHERE account = ? AND message IN (${"?, ".repeat(size - 1)}?)`,
        )
        .values(key, ...ids) as [string, ...Uint8Array[]][];
      for (const [id, ...values] of rows) {
        const record: Partial<Record<MessageField, Uint8Array>> = {};
        for (let column = 0; column < columns.length; column++) record[columns[column]!] = values[column]!;
        found.set(id, record as unknown as Pick<StoredMessage, F>);
      }
    }
    return messages.map((message) => found.get(message) ?? null);
  }

  async deleteMessages(account: AccountId, messages: readonly MessageId[]): Promise<void> {
    const jobs: Promise<null>[] = [];
    for (let at = 0; at < messages.length; at += rowsAtOnce) {
      const ask = { account: objectKey(account), messages: messages.slice(at, at + rowsAtOnce).map(objectKey) };
      jobs.push(this.#writer.ask("deleteMessages", ask, "delete message records"));
    }
    await Promise.all(jobs);
  }

  async drop(account: AccountId): Promise<void> {
    const ask = { account: objectKey(account), limit: rowsAtOnce };
    while ((await this.#writer.ask("dropState", ask, "drop a state")) === rowsAtOnce);
  }

  #saveSome(account: Uint8Array, messages: readonly StoredMessage[]): Promise<null> {
    let size = 0;
    for (const message of messages) for (const field of allFields) size += message[field].length;
    const parcel = new Parcel(size);
    const rows = messages.map(
      (message): MessageRow => ({
        message: objectKey(message.message),
        place: parcel.add(message.place),
        envelope: parcel.add(message.envelope),
        bodystructure: parcel.add(message.bodystructure),
        anatomy: parcel.add(message.anatomy),
        summary: parcel.add(message.summary),
      }),
    );
    return this.#writer.ask(
      "saveMessages",
      { account, messages: rows },
      `save ${rows.length} message records`,
      parcel.buffer,
    );
  }
}
