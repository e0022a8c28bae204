import type { AccountId } from "../domain/ids.ts";
import { type StoredAddress, type StoredUser, versionOf } from "../store/directory.ts";
import type { Stores } from "../store/stores.ts";
import { eachUser } from "../store/transfer/each-user.ts";
import { writeUser } from "../store/transfer/write-account.ts";

/** Makes a user in `target` what it is in the source, addresses too, whatever an earlier run has made of it. */
export async function copyUser(target: Stores, user: StoredUser, addresses: readonly StoredAddress[]): Promise<void> {
  const { directory } = target;
  const there = await directory.userById(user.id);
  const { id, usernameView: _, version: _version, ...facts } = user;
  // Nobody else writes the target: a conflict is with a write of our own whose answer was lost.
  if (there && JSON.stringify(there) !== JSON.stringify(user))
    await directory.updateUser(id, versionOf(there), { ...facts, tokens: user.tokens ?? [] });
  const wanted = new Map(addresses.map((address) => [address.addressView, JSON.stringify(address)]));
  for (const address of there ? await directory.addressesOf(id) : []) {
    if (wanted.get(address.addressView) !== JSON.stringify(address)) await directory.deleteAddress(address.addressView);
  }
  await writeUser(target, user, addresses);
}

/** Removes users, and their mail, that an earlier run has brought and that were deleted since. */
export async function removeOthers(target: Stores, wanted: ReadonlySet<AccountId>): Promise<number> {
  const others: AccountId[] = [];
  for await (const { user } of eachUser(target.directory)) if (!wanted.has(user.id)) others.push(user.id);
  for (const id of others) {
    await target.directory.deleteUser(id);
    await target.log.drop(id);
    await target.state.drop(id);
    await target.blobs.drop(id);
  }
  return others.length;
}
