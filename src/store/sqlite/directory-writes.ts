import type { Database } from "bun:sqlite";
import { type StoredChange, type StoredUser, versionOf } from "../directory.ts";
import type { AddressRow, Performers } from "./jobs.ts";

type DirectoryJobs = "insertUser" | "updateUser" | "deleteUser" | "insertAddress" | "deleteAddress" | "putSettingOnce";

/** The directory's writes. Of two who want one name, the unique keys give it to the first. */
export function directoryWrites(db: Database): Performers<DirectoryJobs> {
  const putUser = db.query(
    "INSERT INTO users (id, username_view, searched, record) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const removeUser = db.query("DELETE FROM users WHERE id = ?");
  const recordOf = db.query<{ record: string }, [Uint8Array]>("SELECT record FROM users WHERE id = ?");
  const setRecord = db.query("UPDATE users SET searched = ?, record = ? WHERE id = ?");
  const putAddress = db.query(
    "INSERT INTO addresses (address_view, user, id, record) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const removeAddress = db.query("DELETE FROM addresses WHERE address_view = ?");
  const removeAddressesOf = db.query("DELETE FROM addresses WHERE user = ?");
  const putSetting = db.query("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const setting = db.query<{ value: string }, [string]>("SELECT value FROM settings WHERE key = ?");

  const insertAddress = (row: AddressRow) =>
    putAddress.run(row.addressView, row.user, row.id, row.record).changes > 0 ? "inserted" : "addressExists";

  return {
    insertUser({ user, address }) {
      if (putUser.run(user.id, user.usernameView, searchedOf(JSON.parse(user.record)), user.record).changes === 0)
        return "userExists";
      if (address === null || insertAddress(address) === "inserted") return "inserted";
      removeUser.run(user.id);
      return "addressExists";
    },
    updateUser({ id, version, change }) {
      const row = recordOf.get(id);
      if (row === null) return "noSuchUser";
      const before = JSON.parse(row.record) as Omit<StoredUser, "id">;
      // Nobody writes between this look and the write: there is one writer, and this is one transaction of it.
      if (versionOf(before) !== version) return "conflict";
      const record = { ...before, ...(JSON.parse(change) as StoredChange), version: version + 1 };
      setRecord.run(searchedOf(record), JSON.stringify(record), id);
      return "changed";
    },
    deleteUser({ id }) {
      removeAddressesOf.run(id);
      return removeUser.run(id).changes > 0;
    },
    insertAddress,
    deleteAddress: ({ addressView }) => removeAddress.run(addressView).changes > 0,
    putSettingOnce({ key, value }) {
      putSetting.run(key, value);
      return setting.get(key)!.value;
    },
  };
}

function searchedOf({ username, address }: { username: string; address: string }): string {
  return `${username}\n${address}`.toLowerCase();
}
