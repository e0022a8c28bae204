import { addressView, usernameView } from "../domain/address.ts";
import { type AccountLine, type Manifest, readAccounts } from "./manifest.ts";

/** The account of that address, user name or id in a backup; of several, one that was not deleted, else the one deleted last. */
export function findAccount(root: string, manifest: Manifest, address: string): AccountLine | null {
  const name = usernameView(address);
  const view = addressView(address, manifest.source.hostname);
  let found: AccountLine | null = null;
  for (const line of readAccounts(root, manifest)) {
    const { user, addresses } = line;
    if (user.id === address) return line;
    if (
      user.usernameView !== name &&
      user.usernameView !== view &&
      !addresses.some((each) => each.addressView === view)
    )
      continue;
    if (found === null || later(line, found)) found = line;
  }
  return found;
}

function later(one: AccountLine, other: AccountLine): boolean {
  return (one.gone ?? Number.POSITIVE_INFINITY) > (other.gone ?? Number.POSITIVE_INFINITY);
}
