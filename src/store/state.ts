import type { AccountId, MessageId } from "../domain/ids.ts";

/**
 * The folded log, written behind it: losing any of it costs time, never mail. A snapshot is a small head that names the
 * exact parts it is made of; parts are immutable and shared by snapshots, so saving one writes only what changed.
 */
export interface State {
  /**
   * Makes `snapshot` the newest one, whole or not at all; a newer one already there (higher seq) stays. Throws
   * `SnapshotIncomplete` where it names a part that is neither given nor kept: save again with all parts.
   */
  saveSnapshot(snapshot: Snapshot): Promise<void>;
  /** The newest snapshot with all its parts, or null (then the log is replayed from its start). */
  loadSnapshot(
    account: AccountId,
  ): Promise<{ seq: number; head: Uint8Array; parts: ReadonlyMap<string, Uint8Array> } | null>;

  /** Forgets the snapshots of an account: the log tells what they told. Records stay. */
  dropSnapshot(account: AccountId): Promise<void>;

  /** What never changes of messages, written once each; writing one again changes nothing. */
  saveMessages(account: AccountId, messages: readonly StoredMessage[]): Promise<void>;
  /** The records found, in the order asked, null for those not there; only the fields asked for. One round trip. */
  loadMessages<F extends MessageField>(
    account: AccountId,
    messages: readonly MessageId[],
    fields: readonly F[],
  ): Promise<readonly (Pick<StoredMessage, F> | null)[]>;
  deleteMessages(account: AccountId, messages: readonly MessageId[]): Promise<void>;
  /** Forgets everything about an account. */
  drop(account: AccountId): Promise<void>;
}

export type Snapshot = {
  readonly account: AccountId;
  readonly seq: number;
  readonly head: Uint8Array;
  /** Names of all parts, in use from now on; the others may be deleted. */
  readonly names: readonly string[];
  /** The parts that no earlier snapshot has. A name is never used for other bytes. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
};

/** Fields are bytes that only the domain reads. */
export type StoredMessage = {
  readonly message: MessageId;
  /** Where the bytes are, JSON: see `packPlace` in actors/account/message-place.ts. */
  readonly place: Uint8Array;
  /** ENVELOPE as IMAP text. */
  readonly envelope: Uint8Array;
  /** BODYSTRUCTURE as IMAP text. */
  readonly bodystructure: Uint8Array;
  /** Offsets of all parts, compact JSON. */
  readonly anatomy: Uint8Array;
  /** MessageSummary, JSON. */
  readonly summary: Uint8Array;
};
export type MessageField = Exclude<keyof StoredMessage, "message">;

/** A part that another node's newer snapshot let go of was named as kept. */
export class SnapshotIncomplete extends Error {
  override readonly name = "SnapshotIncomplete";
}
