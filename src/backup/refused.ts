import { hashFault } from "../domain/password-hash.ts";
import type { StoredUser } from "../store/directory.ts";

/** What was asked for cannot be done here; nothing was. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

/** The account being put back refused a change: it is over quota, say. What was done before that is done. */
export class RollBackRefused extends Error {
  override readonly name = "RollBackRefused";
}

/** No user is brought whose password would keep a worker busy for as long as whoever wrote the backup likes. */
export function refuseCostly({ address, username, passwordHash }: StoredUser): void {
  if (hashFault(passwordHash) !== "costly") return;
  throw new RestoreRefused(
    `${address || username}: the password hash costs too much to check. Give the account another password where the backup comes from, and back up again`,
  );
}
