import { replayProved } from "../actors/account/replay-proved.ts";
import type { Accounts } from "../actors/account/requests.ts";
import { type Finding, verifyAccount } from "../actors/account/verify.ts";
import { messageCount } from "../domain/account/account.ts";
import { addressView, usernameView } from "../domain/address.ts";
import { isAddress, isUsername } from "../domain/address-shape.ts";
import type { AccountId, MailboxId } from "../domain/ids.ts";
import type { StoredAddress, StoredUser } from "../store/directory.ts";
import type { Stores } from "../store/stores.ts";
import { BroughtBlobs, writeUser } from "../store/transfer/write-account.ts";
import type { AccountLine } from "./manifest.ts";
import { mendBlobs } from "./mend-blobs.ts";
import { RestoreRefused, refuseCostly } from "./refused.ts";
import { baseOf, entriesOf, replay } from "./replay.ts";
import { type RestoreFrom, restoreLog, tooEarly } from "./restore-account.ts";
import { rollBack } from "./roll-back.ts";

export type RestoreOneWish = RestoreFrom & {
  /** Another address, for a new account beside the old; null: its own. */
  readonly as: string | null;
  /** The account that is there now is put back to what it was. */
  readonly replace: boolean;
};

export type RestoreOneInto = {
  readonly stores: Stores;
  readonly accounts: Accounts;
  /** Nobody else has the stores: what is kept in memory of an account is kept here. */
  readonly alone: boolean;
  readonly hostname: string;
  readonly newId: () => string;
  readonly newName: () => string;
  readonly now: () => number;
};

export type RestoredOne = {
  readonly account: AccountId;
  readonly address: string;
  /** `written anew`: the log that was there could not be followed, so nothing of it went on. */
  readonly how: "restored" | "put back" | "written anew";
  readonly messages: number;
  /** Messages that had to be brought from the backup, where the account was there. */
  readonly brought: number;
  /** Blobs that the store had lost or held damaged, and that were brought, where the account was there. */
  readonly mended: number;
  readonly renewedFolders: number;
  /** Addresses of the account that belong to somebody else by now. */
  readonly addressesTaken: readonly string[];
  readonly findings: readonly Finding[];
};

/** Brings one account of a backup into stores that are in use. */
export async function restoreOneAccount(wish: RestoreOneWish, into: RestoreOneInto): Promise<RestoredOne> {
  return wish.replace ? putBack(wish, into) : restoreAsNew(wish, into);
}

async function putBack(wish: RestoreOneWish, into: RestoreOneInto): Promise<RestoredOne> {
  const { root, line, until } = wish;
  const there = await into.stores.directory.userById(line.user.id);
  if (there === null) {
    const name = line.user.address || line.user.username;
    const successor = await into.stores.directory.userByView(line.user.usernameView);
    throw new RestoreRefused(
      successor === null
        ? `${name} is not here any more, so there is nothing to replace: leave --replace out`
        : `there is another account ${name} by now, which has nothing to do with this one: --as restores beside it`,
    );
  }
  const { id } = line.user;
  if (line.base && line.base.at > until) throw new RestoreRefused(tooEarly(line.base.at));
  const wanted = await replay(root, id, line, until);
  if (wanted.seq === 0) throw new RestoreRefused("the account did not exist yet at that time");
  if (await isLogLost(into, id)) return writeAnew(wish, into, there.address);
  const brought = await rollBack({
    ...into,
    ...{ account: id, wanted, root },
    base: baseOf(root, id, line),
    entries: () => entriesOf(root, id, line, until),
  });
  const { mended, wrong } = await mendBlobs(into.stores.blobs, root, line, wanted);
  return {
    account: id,
    address: there.address,
    how: "put back",
    messages: messageCount(wanted),
    brought,
    mended,
    renewedFolders: 0,
    addressesTaken: [],
    findings: wrong.map((blob) => ({
      ...{ account: id, what: "blob" as const, repair: null },
      text: `blob ${blob} is missing or damaged, and could not be brought from the backup`,
    })),
  };
}

/** Whether nothing can go on from the account's log: it is damaged, or a run of `writeAnew` was cut short. */
async function isLogLost({ accounts, stores, alone }: RestoreOneInto, id: AccountId): Promise<boolean> {
  const answered = await accounts.ask(id, { kind: "mailboxes" }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answered) return false;
  const { whole, loaded } = await replayProved(stores, id, -1, () => {});
  if (whole && loaded.account.seq > 0) return false;
  if (alone) return true;
  throw new RestoreRefused(
    "its log in the store is damaged, so nothing can go on from there: stop the server and run this again, then it is written anew; with MongoDB, restore it with --as under another address",
  );
}

/**
 * Lets go of a log that cannot be followed, and writes the backup's in its place. Clients may have seen more than the
 * backup knows of, and under the same UIDs: every folder gets a new UIDVALIDITY.
 */
async function writeAnew(wish: RestoreOneWish, into: RestoreOneInto, address: string): Promise<RestoredOne> {
  const { stores } = into;
  const { id: account } = wish.line.user;
  await stores.state.drop(account);
  await stores.blobs.drop(account);
  await stores.log.drop(account);
  const to = { ...into, account, brought: new BroughtBlobs(), newBatch: into.newName };
  const { renewed } = await restoreLog({ ...wish, renew: "all" }, { ...to, newId: into.newId as () => MailboxId });
  const { findings, messages } = await verifyAccount(stores, account);
  return {
    ...{ account, address, how: "written anew", messages, brought: messages, mended: 0, findings },
    ...{ renewedFolders: renewed, addressesTaken: [] },
  };
}

async function restoreAsNew(wish: RestoreOneWish, into: RestoreOneInto): Promise<RestoredOne> {
  const { line, as } = wish;
  const { stores, hostname } = into;
  const { directory } = stores;
  refuseCostly(line.user);
  const id = await freeId(line, into);
  // Tokens may have been taken back since, and none may open two accounts; the password is the owner's own.
  const user: StoredUser = { ...line.user, id, tokens: [], ...(as === null ? {} : named(as, hostname)) };
  const wanted: readonly StoredAddress[] =
    as === null ? line.addresses.map((address) => ({ ...address, user: id })) : [ownAddress(user, into)];
  const holder = await directory.userByView(user.usernameView);
  if (holder !== null) throw new RestoreRefused(takenBy(holder, wish));
  const addresses: StoredAddress[] = [];
  const addressesTaken: string[] = [];
  for (const address of wanted) {
    if ((await directory.addressByView(address.addressView)) === null) addresses.push(address);
    else if (address.main)
      throw new RestoreRefused(`the address ${address.address} is another account's: --as gives it another`);
    else addressesTaken.push(address.address);
  }
  const to = { ...into, account: id, brought: new BroughtBlobs(), newBatch: into.newName };
  const restored = await restoreLog(wish, { ...to, newId: into.newId as () => MailboxId });
  if (restored.entries === 0 && line.head !== null)
    throw new RestoreRefused("the account did not exist yet at that time");
  const verified = await verifyAccount(stores, id);
  if (verified.findings.length === 0) await writeUser(stores, user, addresses);
  return {
    account: id,
    address: user.address || user.username,
    how: "restored",
    messages: verified.messages,
    brought: 0,
    mended: 0,
    renewedFolders: restored.renewed,
    addressesTaken,
    findings: verified.findings,
  };
}

/** The account's own id where it is nobody's and no history is under it, so that even the HTTP API's ids stay. */
async function freeId(line: AccountLine, { stores, newId }: RestoreOneInto): Promise<AccountId> {
  const { id } = line.user;
  if ((await stores.directory.userById(id)) !== null) return newId() as AccountId;
  return (await stores.log.heads([id]))[0] === 0 ? id : (newId() as AccountId);
}

/** What to do where the name is taken: only the very account of the backup can be put back. */
function takenBy({ id, username }: StoredUser, { line, as }: RestoreOneWish): string {
  if (as !== null) return `there is an account ${username} already: --as takes an address that is free`;
  return id === line.user.id
    ? `there is an account ${username} already: --replace puts it back, --as restores beside it`
    : `there is another account ${username} by now: --as restores beside it, under another address`;
}

function named(as: string, hostname: string): Pick<StoredUser, "username" | "usernameView" | "address"> {
  const address = as.includes("@") ? as : `${as}@${hostname}`;
  if (!isUsername(as) || !isAddress(address)) throw new RestoreRefused(`${as || "an empty text"} is no address`);
  return { username: address, usernameView: usernameView(address), address };
}

function ownAddress({ id, address }: StoredUser, { hostname, newId, now }: RestoreOneInto): StoredAddress {
  return {
    id: newId(),
    address,
    addressView: addressView(address, hostname),
    user: id,
    created: now(),
    tags: [],
    main: true,
  };
}
