import type { Finding } from "../actors/account/verify.ts";
import { verifyAccount } from "../actors/account/verify.ts";
import type { AccountId, MailboxId } from "../domain/ids.ts";
import type { Stores } from "../store/stores.ts";
import { beginTransfer, finishTransfer } from "../store/transfer/unfinished.ts";
import { BroughtBlobs, writeUser } from "../store/transfer/write-account.ts";
import { type AccountLine, type Manifest, readAccounts } from "./manifest.ts";
import { RestoreRefused, refuseCostly } from "./refused.ts";
import { type RestoreFrom, restoreLog, tooEarly } from "./restore-account.ts";

export type RestoreAllOptions = {
  readonly root: string;
  readonly manifest: Manifest;
  readonly stores: Stores;
  readonly until: number;
  readonly renew: RestoreFrom["renew"];
  /** Accounts that cannot be restored whole. */
  readonly leftOut: ReadonlySet<AccountId>;
  readonly newId: () => MailboxId;
  readonly newBatch: () => string;
  readonly now: () => number;
  readonly onAccount?: () => void;
  /** All accounts are there; what else the place needs must be there before they count as whole. */
  readonly onBrought?: () => void;
};

export type RestoredAll = {
  readonly accounts: number;
  readonly entries: number;
  readonly messages: number;
  readonly renewedFolders: number;
  readonly findings: readonly Finding[];
};

/** What this restore is called in the stores it goes into: the same one goes on where it was cut short, another one may not. */
export function nameOfRestore({ manifest, until, renew }: Pick<RestoreAllOptions, "manifest" | "until" | "renew">) {
  return `restore of backup ${manifest.id}${until === Number.POSITIVE_INFINITY ? "" : ` to ${until}`}, ${renew} renewed`;
}

/**
 * Brings all accounts of a backup into empty stores and verifies each. They count as whole, and can be served, only
 * when nothing is found; a restore that was cut short goes on.
 */
export async function restoreAll(options: RestoreAllOptions): Promise<RestoredAll> {
  const { root, manifest, stores } = options;
  const name = nameOfRestore(options);
  for (const { base, user, ...line } of readAccounts(root, manifest)) {
    if (base && base.at > options.until && wasThere(line, options.until))
      throw new RestoreRefused(`${user.address || user.username}: ${tooEarly(base.at)}`);
    if (!options.leftOut.has(user.id)) refuseCostly(user);
  }
  await beginTransfer(stores.directory, name);
  const brought = new BroughtBlobs();
  const totals = { accounts: 0, entries: 0, messages: 0, renewedFolders: 0 };
  const findings: Finding[] = [];
  for (const line of livingFirst(root, manifest)) {
    if (!wasThere(line, options.until) || options.leftOut.has(line.user.id)) continue;
    const { id: account } = line.user;
    if (line.gone !== null && (await isSucceeded(stores, line))) continue;
    const restored = await restoreLog({ ...options, line }, { ...options, account, brought });
    options.onAccount?.();
    if (line.head !== null && restored.entries === 0) continue;
    await writeUser(stores, line.user, line.addresses);
    const verified = await verifyAccount(stores, account);
    findings.push(...verified.findings);
    totals.accounts += 1;
    totals.entries += restored.entries;
    totals.messages += verified.messages;
    totals.renewedFolders += restored.renewed;
  }
  for (const [key, value] of Object.entries(manifest.settings)) await stores.directory.putSettingOnce(key, value);
  options.onBrought?.();
  if (findings.length === 0) await finishTransfer(stores.directory, name);
  return { ...totals, findings };
}

function* livingFirst(root: string, manifest: Manifest): Generator<AccountLine> {
  for (const line of readAccounts(root, manifest)) if (line.gone === null) yield line;
  for (const line of readAccounts(root, manifest)) if (line.gone !== null) yield line;
}

/** Whether somebody else got the name of a deleted account. */
async function isSucceeded({ directory }: Stores, { user }: AccountLine): Promise<boolean> {
  const holder = await directory.userByView(user.usernameView);
  return holder !== null && holder.id !== user.id;
}

/** An account that was deleted after the time asked for was there at that time. */
export function wasThere({ gone }: Pick<AccountLine, "gone">, until: number): boolean {
  return gone === null || gone > until;
}
