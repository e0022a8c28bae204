import { type Account, emptyAccount } from "../domain/account/account.ts";
import { printChecksum } from "../domain/account/checksum.ts";
import type { LogEntry } from "../domain/account/events.ts";
import { evolveEntry } from "../domain/account/evolve.ts";
import type { AccountId } from "../domain/ids.ts";
import { BaseReader } from "./base-file.ts";
import type { AccountLine } from "./manifest.ts";
import { readSegment } from "./segment.ts";

/** An entry does not lead to the state that it was appended with. */
export class Diverged extends Error {
  override readonly name = "Diverged";
}

/** The account after `entry`, proved by the checksum that the entry carries. */
export function provenStep(account: Account, entry: LogEntry): Account {
  const next = evolveEntry(account, entry);
  if (printChecksum(next.checksum) === entry.checksum) return next;
  throw new Diverged(`entry ${entry.seq} of account ${entry.account} does not lead to the state it was appended with`);
}

/** The log of one account in a backup; of an `AccountLine`, say. */
export type LogFiles = Pick<AccountLine, "base" | "segments">;

/** What the log begins with; null: with its first entry. */
export function baseOf(root: string, id: AccountId, { base }: LogFiles): BaseReader | null {
  return base && new BaseReader(root, id, base);
}

/** The account after `entry`; the entry of the base it began with changes nothing more. */
export function provenOrKnown(account: Account, entry: LogEntry): Account {
  return entry.seq <= account.seq ? account : provenStep(account, entry);
}

/** So many entries are replayed before others of this thread get their turn. */
const entriesAtOnce = 500;

/** The account that a backup's log leads to, up to the last entry before the first one made after `until` (milliseconds since 1970). */
export async function replay(
  root: string,
  id: AccountId,
  log: LogFiles,
  until = Number.POSITIVE_INFINITY,
): Promise<Account> {
  let account = baseOf(root, id, log)?.loaded.account ?? emptyAccount(id);
  for (const entry of entriesOf(root, id, log, until)) {
    account = provenOrKnown(account, entry);
    if (account.seq % entriesAtOnce === 0) await Bun.sleep(0);
  }
  return account;
}

/** The entries of an account, from the first one there is to the last one before the first that was made after `until`. */
export function* entriesOf(
  root: string,
  id: AccountId,
  { segments }: LogFiles,
  until = Number.POSITIVE_INFINITY,
): Generator<LogEntry> {
  for (const segment of segments) {
    for (const entry of readSegment(root, id, segment)) {
      if (entry.at > until) return;
      yield entry;
    }
  }
}
