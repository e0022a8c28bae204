import type { Account } from "../../domain/account/account.ts";
import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";
import { type Base, LogCompacted, StoreUnavailable } from "../../store/log.ts";
import type { Stores } from "../../store/stores.ts";
import { unpackBase } from "./bases.ts";
import type { Find } from "./finding.ts";
import { advanced, type Loaded, nothingLoaded } from "./loaded.ts";

export type Replayed = {
  /** As far as the log could be followed. */
  readonly loaded: Loaded;
  /** Whether that was to its end. */
  readonly whole: boolean;
  /** The account right after the entry that was asked about; null: the log does not tell that. */
  readonly past: Account | null;
};

const atOnce = 1000;

/** Follows the log from its base, or from its first entry, and proves every entry; what does not hold is a finding. */
export async function replayProved(stores: Stores, id: AccountId, seq: number, find: Find): Promise<Replayed> {
  for (;;) {
    try {
      return await replay(stores, id, seq, find);
    } catch (error) {
      // Compacted while it was read: there is a newer base to begin from.
      if (!(error instanceof LogCompacted) || (await stores.log.base(id).catch(() => null)) === null) throw error;
    }
  }
}

async function replay(stores: Stores, id: AccountId, seq: number, find: Find): Promise<Replayed> {
  let loaded = await begin(stores, id, find);
  if (loaded === null) return { loaded: nothingLoaded(id), whole: false, past: null };
  let past: Account | null = loaded.account.seq === seq ? loaded.account : null;
  for (;;) {
    const entries = await readSome(stores, id, loaded.account.seq, find);
    for (const entry of entries.read) {
      const next = loaded.account.seq + 1;
      if (entry.seq !== next) {
        find("log", `entry ${next} is missing; what comes after it cannot be replayed`);
        return { loaded, whole: false, past };
      }
      try {
        loaded = advanced(loaded, entry);
      } catch {
        find("log", `entry ${entry.seq} does not lead to the state it was appended with`);
        return { loaded, whole: false, past };
      }
      if (entry.seq === seq) past = loaded.account;
    }
    if (entries.end !== "more") return { loaded, whole: entries.end === "end", past };
  }
}

async function begin(stores: Stores, id: AccountId, find: Find): Promise<Loaded | null> {
  let base: Base | null = null;
  try {
    base = await stores.log.base(id);
    return base ? unpackBase(base) : nothingLoaded(id);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    find("base", `the log's base ${base ? `at entry ${base.seq} ` : ""}cannot be read: ${(error as Error).message}`);
    return null;
  }
}

type Some = { readonly read: readonly LogEntry[]; readonly end: "more" | "end" | "damaged" };

/** The next entries; up to the first that cannot be read, where there is one. */
async function readSome(stores: Stores, id: AccountId, after: number, find: Find): Promise<Some> {
  try {
    const read = await stores.log.read(id, after, atOnce, "no bodies");
    return { read, end: read.length < atOnce ? "end" : "more" };
  } catch (error) {
    if (error instanceof LogCompacted || error instanceof StoreUnavailable) throw error;
  }
  const read: LogEntry[] = [];
  for (;;) {
    try {
      const [entry] = await stores.log.read(id, after + read.length, 1, "no bodies");
      if (!entry) return { read, end: "end" };
      read.push(entry);
    } catch (error) {
      if (error instanceof LogCompacted || error instanceof StoreUnavailable) throw error;
      find("log", `entry ${after + read.length + 1} cannot be read: ${(error as Error).message}`);
      return { read, end: "damaged" };
    }
  }
}
