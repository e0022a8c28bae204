import type { Account } from "../../domain/account/account.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import { LogCompacted } from "../../store/log.ts";
import type { Stores } from "../../store/stores.ts";
import { unpackBase } from "./bases.ts";
import type { Departed } from "./departed.ts";
import { advanced, type Loaded, nothingLoaded, type Unrecorded } from "./loaded.ts";

/** Right after the entry `seq`; or right before the first entry that was made after `time` (milliseconds since 1970). */
export type Point = { readonly seq: number } | { readonly time: number };

/** An account as it was, told by the log alone. */
export type Past = {
  readonly account: Account;
  /** When its last entry was made; null: before the first. */
  readonly at: number | null;
  /** Where the bytes are of every message that is in it or departed from it, and of some that were forgotten. */
  readonly places: ReadonlyMap<MessageId, Unrecorded>;
  readonly departed: Departed;
};

/** The point lies before what is kept of the log. */
export class BeforeHistory extends Error {
  override readonly name = "BeforeHistory";
}

const entriesAtOnce = 500;

/**
 * The account at a point in time: its base, or nothing, and the log from there on. Every entry is proved by its checksum.
 * A point behind the last entry is the account as it is now. Throws `BeforeHistory` for a point before the base.
 */
export async function accountAt(stores: Pick<Stores, "log">, id: AccountId, point: Point): Promise<Past> {
  const { loaded, at } = await loadedAt(stores, id, point);
  const { account, unrecorded, departed } = loaded;
  return { account, at, places: unrecorded, departed };
}

/** As `accountAt`, with everything that a base is made of. */
export async function loadedAt(
  { log }: Pick<Stores, "log">,
  id: AccountId,
  point: Point,
): Promise<{ readonly loaded: Loaded; readonly at: number | null }> {
  for (;;) {
    const base = await log.base(id);
    if (base && ("seq" in point ? point.seq < base.seq : point.time < base.at)) throw tooOld(id, point, base);
    let loaded = base ? unpackBase(base) : nothingLoaded(id);
    let at = base?.at ?? null;
    const reached = await eachEntry(log, loaded.account, (entry) => {
      if ("seq" in point ? entry.seq > point.seq : entry.at > point.time) return "enough";
      loaded = advanced(loaded, entry);
      at = entry.at;
      return "more";
    });
    if (reached) return { loaded, at };
  }
}

/** False where the log was compacted while it was read: there is a newer base to begin from. */
async function eachEntry(
  log: Stores["log"],
  { id, seq }: Account,
  visit: (entry: Awaited<ReturnType<Stores["log"]["read"]>>[number]) => "more" | "enough",
): Promise<boolean> {
  for (let after = seq; ; ) {
    const entries = await log.read(id, after, entriesAtOnce, "no bodies").catch((error: unknown) => {
      if (error instanceof LogCompacted) return null;
      throw error;
    });
    if (entries === null) return false;
    for (const entry of entries) if (visit(entry) === "enough") return true;
    if (entries.length < entriesAtOnce) return true;
    after = entries[entries.length - 1]!.seq;
  }
}

function tooOld(id: AccountId, point: Point, base: { seq: number; at: number }): BeforeHistory {
  const wanted = "seq" in point ? `entry ${point.seq}` : new Date(point.time).toISOString();
  const first = `entry ${base.seq}, of ${new Date(base.at).toISOString()}`;
  return new BeforeHistory(`Cannot go back to ${wanted}: the log of account ${id} begins with ${first}`);
}
