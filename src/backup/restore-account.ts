import { packBase } from "../actors/account/bases.ts";
import { type Account, emptyAccount } from "../domain/account/account.ts";
import { printChecksum } from "../domain/account/checksum.ts";
import type { AccountEvent, LogEntry } from "../domain/account/events.ts";
import { evolve } from "../domain/account/evolve.ts";
import type { AccountId, MailboxId, RequestId } from "../domain/ids.ts";
import type { Base } from "../store/log.ts";
import type { Stores } from "../store/stores.ts";
import { AccountWriter, type BroughtBlobs } from "../store/transfer/write-account.ts";
import { blobsOfBase } from "./base-blobs.ts";
import type { BaseReader } from "./base-file.ts";
import { blobsOfBackup } from "./blob-source.ts";
import type { AccountLine } from "./manifest.ts";
import { RestoreRefused } from "./refused.ts";
import { renewFolders } from "./renew-folders.ts";
import { baseOf, entriesOf, provenOrKnown, provenStep } from "./replay.ts";

export type RestoreFrom = {
  readonly root: string;
  readonly line: AccountLine;
  /** Entries made after this are left out, milliseconds since 1970; infinity: none. */
  readonly until: number;
  /** Which folders get a new UIDVALIDITY: those that had changed after `until`, all of them, or none. */
  readonly renew: "changed" | "all" | "none";
};

export type RestoreTo = {
  readonly stores: Stores;
  readonly account: AccountId;
  readonly brought: BroughtBlobs;
  readonly newId: () => MailboxId;
  readonly newBatch: () => string;
  readonly now: () => number;
};

/** What has come of a log: how many entries of the backup, and how many folders have a new UIDVALIDITY. */
export type RestoredLog = { readonly entries: number; readonly renewed: number };

/**
 * Brings a log of the backup into stores that have no other history of the account, entry by entry as it was: UIDs,
 * UIDVALIDITY and mod-sequences stay. Goes on where an earlier attempt was cut short. `entries` 0: there was no such
 * account yet.
 */
export async function restoreLog(from: RestoreFrom, to: RestoreTo): Promise<RestoredLog> {
  const { root, line, until, renew } = from;
  const writer = await AccountWriter.open(to.stores, to.account, blobsOfBackup(root), to.brought);
  const base = baseOf(root, line.user.id, line);
  if (base && base.base.at > until) throw new RestoreRefused(tooEarly(base.base.at));
  if (base) await writer.writeBase(baseFor(base, to), base.bodies(), blobsOfBase(base.loaded));
  let state = base?.loaded.account ?? emptyAccount(line.user.id);
  let latest: Account | null = null;
  for (const entry of entriesOf(root, line.user.id, line)) {
    if (latest === null && entry.at > until) latest = state;
    if (latest === null) {
      state = provenOrKnown(state, entry);
      await writer.write(entry);
    } else latest = provenStep(latest, entry);
  }
  await writer.flush();
  if (state.seq === 0) return { entries: 0, renewed: 0 };
  const seen = renew === "all" ? emptyAccount(state.id) : renew === "changed" ? latest : null;
  if (seen === null || writer.present > state.seq) return { entries: state.seq, renewed: 0 };
  const known = { ...seen, lastUidValidity: (latest ?? state).lastUidValidity };
  const events = renewFolders(state, known, { newId: to.newId, now: to.now() });
  if (events.length === 0) return { entries: state.seq, renewed: 0 };
  await writer.write(entryOf(state, events, to));
  await writer.flush();
  return { entries: state.seq, renewed: events.filter(({ kind }) => kind === "mailboxCreated").length };
}

/** The base, as one of the account that it is restored as: it names its account inside. */
function baseFor({ base, loaded }: BaseReader, { account: id, newBatch }: RestoreTo): Base {
  if (id === base.account) return base;
  return packBase({ ...loaded, account: { ...loaded.account, id } }, base.at, newBatch());
}

/** What to say of a time before the backup's first copy of a log that was compacted already. */
export function tooEarly(at: number): string {
  return `the backup of this account goes back to ${new Date(at).toISOString()} and no further`;
}

/** The entry that brings `events` about after `state`. */
function entryOf(state: Account, events: readonly AccountEvent[], to: RestoreTo): LogEntry {
  const seq = state.seq + 1;
  const next = events.reduce((account, event) => evolve(account, event, seq), state);
  const batch = to.newBatch();
  return {
    account: to.account,
    seq,
    at: to.now(),
    batch,
    transactions: [{ request: `restore:${batch}` as RequestId, events }],
    checksum: printChecksum(next.checksum),
    bodies: [],
  };
}
