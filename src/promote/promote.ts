import { bodiesNeeded, unpackBase } from "../actors/account/bases.ts";
import type { Loaded } from "../actors/account/loaded.ts";
import { type Finding, verifyAccount } from "../actors/account/verify.ts";
import { blobsOfBase } from "../backup/base-blobs.ts";
import type { AccountId, BlobId } from "../domain/ids.ts";
import { type Log, LogCompacted } from "../store/log.ts";
import type { Stores } from "../store/stores.ts";
import { eachUser } from "../store/transfer/each-user.ts";
import { ownSettings } from "../store/transfer/own-settings.ts";
import { readEntries } from "../store/transfer/read-entries.ts";
import { beginTransfer, finishTransfer, transferState } from "../store/transfer/unfinished.ts";
import { AccountWriter, type BlobSource, BroughtBlobs, type PlacedBody } from "../store/transfer/write-account.ts";
import { copyState } from "./copy-state.ts";
import { copyUser, removeOthers } from "./copy-user.ts";

export type PromoteOptions = {
  readonly source: Stores;
  readonly target: Stores;
  /** Names the source: a run that was cut short is gone on with only from there. */
  readonly name: string;
  /** Brings what is there while a server still changes it, and does not finish: the last run has less to do. */
  readonly ahead: boolean;
  readonly onAccount?: () => void;
  /** Everything is there and verified, and no node knows yet: now the source has to be kept from being served. */
  readonly onWhole?: () => void;
};

export type Promoted = {
  readonly accounts: number;
  readonly entries: number;
  readonly messages: number;
  /** Deleted since an earlier run. */
  readonly removed: number;
  readonly findings: readonly Finding[];
};

/** The target holds something else, or all of this already. */
export class TargetOccupied extends Error {
  override readonly name = "TargetOccupied";
}

/**
 * Moves everything that is in `source` to `target`: users, addresses, logs entry by entry with their batches, times and
 * request ids, blobs, snapshots and records. UIDs, UIDVALIDITY and mod-sequences are the log's, so they stay, and so
 * does what is remembered of requests done in the last hour. Each account is verified on the target, by replay and by
 * the hashes of its bytes, and its log compared with the source's; only when nothing is found does the target count as
 * whole. May end anywhere and be run again.
 */
export async function promote(options: PromoteOptions): Promise<Promoted> {
  const { source, target, name, ahead } = options;
  await mustBeOurs(target, name);
  const brought = new BroughtBlobs();
  const blobs = blobsOf(source);
  const seen = new Set<AccountId>();
  const findings: Finding[] = [];
  const totals = { accounts: 0, entries: 0, messages: 0 };
  for await (const { user, addresses } of eachUser(source.directory)) {
    const { id } = user;
    // Read before the log: then it stands for nothing that the log copied here does not have.
    const snapshot = await source.state.loadSnapshot(id);
    const writer = await AccountWriter.open(target, id, blobs, brought);
    await copyLog(source.log, id, writer);
    if (snapshot) await copyState(source, target, id, snapshot);
    await copyUser(target, user, addresses);
    seen.add(id);
    if (!ahead) {
      const verified = await verifyAccount(target, id);
      findings.push(...verified.findings, ...(await compareLogs(source, target, id)));
      totals.messages += verified.messages;
    }
    totals.accounts += 1;
    totals.entries += (await source.log.heads([id]))[0]!;
    options.onAccount?.();
  }
  if (ahead) return { ...totals, removed: 0, findings };
  const removed = await removeOthers(target, seen);
  for (const [key, value] of Object.entries(await ownSettings(source.directory)))
    await target.directory.putSettingOnce(key, value);
  if (findings.length === 0) {
    options.onWhole?.();
    await finishTransfer(target.directory, name);
  }
  return { ...totals, removed, findings };
}

/** What the writer lacks of a log; where entries it lacks were compacted away, the base comes in their place. */
async function copyLog(log: Log, id: AccountId, writer: AccountWriter): Promise<void> {
  for (let after = writer.present; ; ) {
    try {
      for await (const page of readEntries(log, id, after)) {
        for (const entry of page) await writer.write(entry);
        after = page[page.length - 1]!.seq;
      }
      return await writer.flush();
    } catch (error) {
      if (!(error instanceof LogCompacted)) throw error;
    }
    const base = await log.base(id);
    if (!base || base.seq <= after) throw new Error(`Cannot copy the log of account ${id}: its base is gone`);
    const loaded = unpackBase(base);
    await writer.writeBase(base, bodiesOf(log, id, loaded, base.seq), blobsOfBase(loaded));
    after = base.seq - 1;
  }
}

async function* bodiesOf(log: Log, id: AccountId, loaded: Loaded, before: number): AsyncGenerator<PlacedBody> {
  for (const place of bodiesNeeded(loaded)) {
    if (place.seq >= before) return;
    const [bytes] = await log.bodies(id, [place]);
    if (!bytes) throw new Error(`Cannot copy account ${id}: body ${place.index} of entry ${place.seq} is missing`);
    yield { ...place, bytes };
  }
}

async function mustBeOurs({ directory, log }: Stores, name: string): Promise<void> {
  const state = await transferState(directory);
  if (state?.what === name && !state.finished) return;
  if (state?.what === name) throw new TargetOccupied("this data directory was promoted to it already");
  if (state && !state.finished) throw new TargetOccupied(`it holds a part of something else (${state.what})`);
  const users = await directory.countUsers();
  if (users > 0) throw new TargetOccupied(`it holds ${users} users`);
  for await (const _ of log.accounts()) throw new TargetOccupied("it holds mail");
  const begun = await beginTransfer(directory, name);
  if (begun !== name) throw new TargetOccupied(`somebody else has begun to fill it (${begun})`);
}

/** What a replay cannot tell: that it is the source's log, to its last entry. */
async function compareLogs(source: Stores, target: Stores, account: AccountId): Promise<Finding[]> {
  const [ours, theirs] = [(await source.log.heads([account]))[0]!, (await target.log.heads([account]))[0]!];
  const wrong = (text: string): Finding[] => [{ account, what: "log", text, repair: null }];
  if (ours !== theirs) return wrong(`it ends with entry ${theirs}, and with ${ours} in the source`);
  if (ours === 0) return [];
  const [[here], [there]] = await Promise.all([
    source.log.read(account, ours - 1, 1, "no bodies"),
    target.log.read(account, ours - 1, 1, "no bodies"),
  ]);
  const same = here?.batch === there?.batch && here?.checksum === there?.checksum;
  return same ? [] : wrong(`its last entry, ${ours}, is another one than in the source`);
}

const readAtOnce = 1024 * 1024;

function blobsOf({ blobs }: Stores): BlobSource {
  return async (blob, size) => {
    const first = await blobs.read(blob, 0, Math.min(readAtOnce, size));
    return first && pieces(blob, size, first);
  };
  async function* pieces(blob: BlobId, size: number, first: Uint8Array) {
    yield first;
    for (let at = first.length; at < size; ) {
      const bytes = await blobs.read(blob, at, Math.min(readAtOnce, size - at));
      if (!bytes || bytes.length === 0)
        throw new Error(`Cannot read blob ${blob}: it ends after ${at} of ${size} bytes`);
      yield bytes;
      at += bytes.length;
    }
  }
}
