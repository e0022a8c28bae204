import type { Database } from "bun:sqlite";
import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore, StoredAddress, StoredChange, StoredUser } from "../directory.ts";
import type { AddressRow } from "./jobs.ts";
import { idOf, objectKey } from "./keys.ts";
import type { WriterConnection } from "./writer-connection.ts";

type ReadUser = { id: Uint8Array; record: string };
type ReadAddress = { record: string };

/** Greater than every id. */
const beyond = new Uint8Array(13).fill(255);
const nothing = new Uint8Array(0);

/** Users and addresses in `eider.db`: keys in columns, all else as JSON. */
export class SqliteDirectory implements DirectoryStore {
  readonly #db: Database;
  readonly #writer: WriterConnection;

  constructor(db: Database, writer: WriterConnection) {
    this.#db = db;
    this.#writer = writer;
  }

  insertUser(user: StoredUser, address: StoredAddress | null) {
    const { id, ...record } = user;
    const row = { id: objectKey(id), usernameView: user.usernameView, record: JSON.stringify(record) };
    return this.#writer.ask("insertUser", { user: row, address: address && addressRow(address) }, "add a user");
  }

  async userById(id: AccountId): Promise<StoredUser | null> {
    return readUser(this.#one<ReadUser>("SELECT id, record FROM users WHERE id = ?", objectKey(id)));
  }

  async userByView(view: string, otherwise?: string): Promise<StoredUser | null> {
    const row =
      this.#one<ReadUser>("SELECT id, record FROM users WHERE username_view = ?", view) ??
      this.#one<ReadUser>(
        `SELECT users.id, users.record FROM addresses JOIN users ON users.id = addresses.user
         WHERE addresses.address_view = ?`,
        view,
      );
    return !row && otherwise !== undefined ? this.userByView(otherwise) : readUser(row);
  }

  async addressByView(view: string): Promise<StoredAddress | null> {
    const row = this.#one<ReadAddress>("SELECT record FROM addresses WHERE address_view = ?", view);
    return row && (JSON.parse(row.record) as StoredAddress);
  }

  async addressesOf(user: AccountId): Promise<StoredAddress[]> {
    return this.#db
      .query<ReadAddress, [Uint8Array]>("SELECT record FROM addresses WHERE user = ? ORDER BY id")
      .all(objectKey(user))
      .map(({ record }) => JSON.parse(record) as StoredAddress);
  }

  updateUser(id: AccountId, version: number, change: StoredChange) {
    const wish = { id: objectKey(id), version, change: JSON.stringify(change) };
    return this.#writer.ask("updateUser", wish, "change a user");
  }

  insertAddress(address: StoredAddress) {
    return this.#writer.ask("insertAddress", addressRow(address), "add an address");
  }

  deleteAddress(view: string): Promise<boolean> {
    return this.#writer.ask("deleteAddress", { addressView: view }, "delete an address");
  }

  deleteUser(id: AccountId): Promise<boolean> {
    return this.#writer.ask("deleteUser", { id: objectKey(id) }, "delete a user");
  }

  async listUsers(page: { after?: AccountId; before?: AccountId; limit: number; query?: string }) {
    const { after, before, limit, query = "" } = page;
    const backwards = before !== undefined && after === undefined;
    const rows = this.#db
      .query<ReadUser, [Uint8Array, Uint8Array, string, number]>(
        `SELECT id, record FROM users WHERE id > ? AND id < ? AND instr(searched, ?) > 0
         ORDER BY id ${backwards ? "DESC" : "ASC"} LIMIT ?`,
      )
      .all(
        after === undefined ? nothing : objectKey(after),
        before === undefined ? beyond : objectKey(before),
        query.toLowerCase(),
        limit,
      );
    if (backwards) rows.reverse();
    return rows.map((row) => readUser(row)!);
  }

  async countUsers(query?: string): Promise<number> {
    const row = query
      ? this.#one<{ count: number }>(
          "SELECT count(*) AS count FROM users WHERE instr(searched, ?) > 0",
          query.toLowerCase(),
        )
      : this.#db.query<{ count: number }, []>("SELECT count(*) AS count FROM users").get();
    return row!.count;
  }

  async setting(key: string): Promise<string | null> {
    return this.#one<{ value: string }>("SELECT value FROM settings WHERE key = ?", key)?.value ?? null;
  }

  putSettingOnce(key: string, value: string): Promise<string> {
    return this.#writer.ask("putSettingOnce", { key, value }, "keep a setting");
  }

  #one<Row>(sql: string, key: Uint8Array | string): Row | null {
    return this.#db.query<Row, [Uint8Array | string]>(sql).get(key);
  }
}

function readUser(row: ReadUser | null): StoredUser | null {
  return row && { id: idOf<AccountId>(row.id), ...(JSON.parse(row.record) as Omit<StoredUser, "id">) };
}

function addressRow(address: StoredAddress): AddressRow {
  return {
    addressView: address.addressView,
    user: objectKey(address.user),
    id: objectKey(address.id),
    record: JSON.stringify(address),
  };
}
