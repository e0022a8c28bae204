import type { Accounts } from "../actors/account/requests.ts";
import type { RestoreWish } from "../protocols/http/services.ts";
import type { Stores } from "../store/stores.ts";
import { FileReader } from "./file-reader.ts";
import { segmentPath } from "./layout.ts";
import { type AccountLine, readAccounts, readManifest } from "./manifest.ts";
import { RestoreRefused } from "./refused.ts";
import { type RestoredOne, restoreOneAccount } from "./restore-one.ts";
import { publicKey } from "./signature.ts";

export type ServerParts = {
  /** Opens stores of this thread's own. */
  readonly openStores: () => Stores;
  readonly accounts: Accounts;
  readonly hostname: string;
  readonly newId: () => string;
  readonly newName: () => string;
  readonly now: () => number;
};

/** Brings one account back in the server that has the store, beside everything else it does. */
export async function restoreInServer(wish: RestoreWish, parts: ServerParts): Promise<RestoredOne> {
  const { directory: root, account, as, replace, renew } = wish;
  const key = wish.signedBy === null ? null : publicKey(wish.signedBy);
  const line = [...readAccounts(root, readManifest(root, key))].find(({ user }) => user.id === account);
  if (!line) throw new RestoreRefused(`account ${account} is not in the backup`);
  await proveLog(root, line);
  const stores = parts.openStores();
  try {
    const until = wish.until ?? Number.POSITIVE_INFINITY;
    return await restoreOneAccount({ root, line, until, renew, as, replace }, { ...parts, stores, alone: false });
  } finally {
    await stores.close();
  }
}

/** Nothing is taken from a file before all of it is known to be right. Others get their turn between pieces. */
async function proveLog(root: string, line: AccountLine): Promise<void> {
  for (const segment of line.segments) {
    const reader = new FileReader(root, segmentPath(line.user.id, segment));
    try {
      while (reader.some() !== null) await Bun.sleep(0);
      reader.prove(segment.sha256, segment.bytes);
    } finally {
      reader.close();
    }
  }
}
