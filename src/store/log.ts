import type { LogEntry } from "../domain/account/events.ts";
import type { AccountId } from "../domain/ids.ts";

/**
 * The log of every account: the truth. One entry is one append under the unique key (account, seq); whoever comes
 * second with the same key has lost the race and nothing of theirs is kept.
 */
export interface Log {
  /**
   * Appends entries of different accounts (at most one each) together; answers one result for each, in order. Of an account
   * that nobody else writes, consecutive entries may go together, each kept or not for itself: a log that is copied.
   * `appended` is said only when the entry survives the loss of power (embedded) or of a minority (replica set).
   * Throws `StoreUnavailable` where it cannot be known whether they were kept. The same entry (by `batch`) found under its
   * key already is `appended`: an attempt may be made again after a lost answer. The key of an entry that was trimmed
   * stays taken.
   */
  append(entries: readonly LogEntry[]): Promise<readonly AppendResult[]>;
  /**
   * Entries with seq above `after`, ascending, at most `limit`; their bodies only where asked for, and one that was
   * dropped comes as no bytes. Throws `LogCompacted` where some of them were trimmed: the base stands for those.
   */
  read(account: AccountId, after: number, limit: number, bodies: "bodies" | "no bodies"): Promise<readonly LogEntry[]>;
  /** The highest seq of each account asked about; 0 for one without entries. One round trip. */
  heads(accounts: readonly AccountId[]): Promise<readonly number[]>;
  /** The bodies that rode in entries, in the order asked; null for one that was dropped or never was. One round trip. */
  bodies(account: AccountId, wanted: readonly BodyPlace[]): Promise<readonly (Uint8Array | null)[]>;
  /** Lets go of bodies of messages that are gone. */
  dropBodies(account: AccountId, places: readonly BodyPlace[]): Promise<void>;
  /**
   * Puts bodies where trimmed entries have left them, for a log that is brought from elsewhere with its base; all bodies
   * of one entry in one call. What is there already stays.
   */
  putBodies(account: AccountId, bodies: readonly (BodyPlace & { readonly bytes: Uint8Array })[]): Promise<void>;
  /** How far an account's log has been compacted. */
  compaction(account: AccountId): Promise<Compaction>;
  /** The newest base, or null for a log that is whole. */
  base(account: AccountId): Promise<Base | null>;
  /** Makes `base` the account's newest, durably, whole or not at all; one with a higher seq that is there already stays. */
  saveBase(base: Base): Promise<void>;
  /**
   * Removes the entries above `after` up to `through`, which lies below the newest base (throws where it does not). Bodies
   * named in `kept` stay readable under the same places, the others go. May be done again, by anybody, at any time.
   */
  trim(account: AccountId, after: number, through: number, kept: readonly BodyPlace[]): Promise<void>;
  /** Every account that has entries. */
  accounts(): AsyncIterable<AccountId>;
  /**
   * Forgets an account's log: only for an account that was deleted. `before`: only what is below that entry, at which a
   * base stands. The thousand places below it stay taken: who is that far behind cannot append there either. What comes
   * from even further behind is overruled by the base.
   */
  drop(account: AccountId, before?: number): Promise<void>;
}

export type AppendResult = "appended" | "conflict";
export type BodyPlace = { readonly seq: number; readonly index: number };

/**
 * An account as it was right after the log entry `seq`, whole, as bytes that only actors read. Once it is kept, the
 * entries before `seq` may go; the entry `seq` itself stays, so that who is behind the base finds a gap and no end.
 */
export type Base = {
  readonly account: AccountId;
  readonly seq: number;
  /** Of that entry, milliseconds since 1970. */
  readonly at: number;
  /** Names this very attempt to save it, unlike any other. */
  readonly name: string;
  /** In order, none above 8 MB. */
  readonly parts: readonly Uint8Array[];
};
/** `base`: seq of the newest base, 0 without one. `trimmed`: entries up to this one have been removed. */
export type Compaction = { readonly base: number; readonly trimmed: number };

/** Entries that were asked for have been compacted away; the account's base, at `base` or later, stands for them. */
export class LogCompacted extends Error {
  override readonly name = "LogCompacted";

  constructor(
    readonly account: AccountId,
    readonly after: number,
    readonly base: number,
  ) {
    super(`Cannot read the log of account ${account} after entry ${after}: it begins with the base at ${base}`);
  }
}

/**
 * The store did not answer, or refused for lack of space: try later. Messages name the action, then the state.
 * `kept` is "no" where it is certain that nothing was kept (disk full), "unknown" where the answer was lost.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly kept: "no" | "unknown";
  /** There is no space for it. */
  readonly full: boolean;

  constructor(message: string, options?: ErrorOptions & { kept?: "no" | "unknown"; full?: boolean }) {
    super(message, options);
    this.kept = options?.kept ?? "unknown";
    this.full = options?.full ?? false;
  }
}
