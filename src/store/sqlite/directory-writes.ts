import type { Database } from "bun:sqlite";
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
    updateUser({ id, change }) {
      const row = recordOf.get(id);
      if (row === null) return false;
      const record = { ...JSON.parse(row.record), ...JSON.parse(change) };
      setRecord.run(searchedOf(record), JSON.stringify(record), id);
      return true;
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
