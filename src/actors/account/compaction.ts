import { atOnce } from "../../domain/account/at-once.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { BodyPlace, Log } from "../../store/log.ts";
import type { TimeSlices } from "../runtime/time-slices.ts";
import { bodiesNeeded, packingBase, unpackingBase } from "./bases.ts";
import { loadedAt } from "./history.ts";

export type CompactionWish = {
  /** Entries made before this may go, milliseconds since 1970. */
  readonly before: number;
  /** Entries after this one stay: what the store's snapshot stands for. */
  readonly through: number;
  /** A base costs what the account is large: it is only made where so many entries go. */
  readonly worthwhile: number;
  /** Names the base. */
  readonly name: string;
};

/** Seqs: the log begins with `base` now, and `trimmed` entries have gone. */
export type Compacted = { readonly base: number; readonly trimmed: number };

const trimmedAtOnce = 500;

/** For a thread that serves nobody else. */
const undivided: Pick<TimeSlices, "run"> = { run: async (work) => atOnce(work) };

/**
 * Lets the old entries of an account's log go. First a base is made of the log alone, saved, read again and proved; only
 * then the entries below it are removed. It may be cut short anywhere: then entries are left that the next time takes,
 * never a gap that no base stands for. Two nodes that do it at once do the same.
 *
 * @param slices lets whoever else has work for this thread get on with it
 * @returns null where there is nothing worth it
 */
export async function compact(
  log: Log,
  account: AccountId,
  wish: CompactionWish,
  slices: Pick<TimeSlices, "run"> = undivided,
): Promise<Compacted | null> {
  const { base, trimmed } = await log.compaction(account);
  if (base > 0 && trimmed < base - 1) return finish(log, account, trimmed, slices);
  if (wish.through < base + wish.worthwhile) return null;
  const [last] = await log.read(account, base + wish.worthwhile - 1, 1, "no bodies");
  if (!last || last.at >= wish.before) return null;
  const seq = await lastBefore(log, account, last.seq, wish);
  const { loaded, at } = await loadedAt({ log }, account, { seq });
  await log.saveBase(await slices.run(packingBase(loaded, at!, wish.name)));
  return finish(log, account, trimmed, slices);
}

/** The last of the entries from `first` on, up to `through`, before the first one that is too young. */
async function lastBefore(log: Log, account: AccountId, first: number, wish: CompactionWish): Promise<number> {
  let seq = first;
  for (;;) {
    const entries = await log.read(account, seq, trimmedAtOnce, "no bodies");
    for (const entry of entries) {
      if (entry.at >= wish.before || entry.seq > wish.through) return seq;
      seq = entry.seq;
    }
    if (entries.length < trimmedAtOnce) return seq;
  }
}

/** Removes what lies below the base as it is kept, proved once more: nothing else is left of those entries. */
async function finish(
  log: Log,
  account: AccountId,
  trimmed: number,
  slices: Pick<TimeSlices, "run">,
): Promise<Compacted> {
  const base = await log.base(account);
  if (!base) throw new Error(`Cannot compact the log of account ${account}: its base is gone`);
  const loaded = await slices.run(unpackingBase(base));
  const [entry] = await log.read(account, base.seq - 1, 1, "no bodies");
  if (entry?.checksum !== printChecksum(loaded.account.checksum))
    throw new Error(`Cannot compact the log of account ${account}: its base is not the state at entry ${base.seq}`);
  const needed = bodiesNeeded(loaded);
  let at = needed.findIndex(({ seq }) => seq > trimmed);
  if (at < 0) at = needed.length;
  for (let after = trimmed; after < base.seq - 1; after += trimmedAtOnce) {
    const through = Math.min(after + trimmedAtOnce, base.seq - 1);
    const kept: BodyPlace[] = [];
    while (at < needed.length && needed[at]!.seq <= through) kept.push(needed[at++]!);
    await log.trim(account, after, through, kept);
  }
  return { base: base.seq, trimmed: base.seq - 1 - trimmed };
}
