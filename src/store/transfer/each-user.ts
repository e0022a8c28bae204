import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore, StoredAddress, StoredUser } from "../directory.ts";

const usersAtOnce = 250;

/** Every user with its addresses, ascending by id; who is added meanwhile comes at the end. */
export async function* eachUser(
  directory: DirectoryStore,
): AsyncGenerator<{ user: StoredUser; addresses: readonly StoredAddress[] }> {
  let after: AccountId | undefined;
  for (;;) {
    const users = await directory.listUsers({ ...(after ? { after } : {}), limit: usersAtOnce });
    for (const user of users) yield { user, addresses: await directory.addressesOf(user.id) };
    if (users.length < usersAtOnce) return;
    after = users[users.length - 1]!.id;
  }
}
