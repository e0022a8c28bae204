import type { LogEntry } from "../domain/account/events.ts";
import type { AccountId } from "../domain/ids.ts";

/**
 * The log of every account: the truth. One entry is one append under the unique key (account, seq); whoever comes
 * second with the same key has lost the race and nothing of theirs is kept.
 */
export interface Log {
  /**
   * Appends entries of different accounts (at most one each) together; answers one result for each, in order.
   * `appended` is said only when the entry survives the loss of power (embedded) or of a minority (replica set).
   * Throws `StoreUnavailable` where it cannot be known whether they were kept. The same entry (by `batch`) found under its
   * key already is `appended`: an attempt may be made again after a lost answer.
   */
  append(entries: readonly LogEntry[]): Promise<readonly AppendResult[]>;
  /** Entries with seq above `after`, ascending, at most `limit`; their bodies only where asked for. */
  read(account: AccountId, after: number, limit: number, bodies: "bodies" | "no bodies"): Promise<readonly LogEntry[]>;
  /** The highest seq of each account asked about; 0 for one without entries. One round trip. */
  heads(accounts: readonly AccountId[]): Promise<readonly number[]>;
  /** The bodies that rode in entries, in the order asked; null for one that has moved or never was. One round trip. */
  bodies(account: AccountId, wanted: readonly BodyPlace[]): Promise<readonly (Uint8Array | null)[]>;
  /** Every account that has entries. */
  accounts(): AsyncIterable<AccountId>;
  /** Forgets an account's log: only for an account that was deleted. */
  drop(account: AccountId): Promise<void>;
}

export type AppendResult = "appended" | "conflict";
export type BodyPlace = { readonly seq: number; readonly index: number };

/**
 * The store did not answer, or refused for lack of space: try later. Messages name the action, then the state.
 * `kept` is "no" where it is certain that nothing was kept (disk full), "unknown" where the answer was lost.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly kept: "no" | "unknown";

  constructor(message: string, options?: ErrorOptions & { kept?: "no" | "unknown" }) {
    super(message, options);
    this.kept = options?.kept ?? "unknown";
  }
}
