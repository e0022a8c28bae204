import type { AccountId, BlobId, MessageId } from "../../src/domain/ids.ts";
import type { BlobReference } from "../../src/store/blobs.ts";
import type { Stores } from "../../src/store/stores.ts";

/** A store, and ways past it to damage what it holds, as a failing disk, an operator or a fault of ours would. */
export type DamagedStore = {
  readonly stores: Stores;
  loseEntry(account: AccountId, seq: number): Promise<void>;
  /** Its transactions say something else than was appended. */
  changeEntry(account: AccountId, seq: number): Promise<void>;
  /** It cannot be read any more. */
  garbleEntry(account: AccountId, seq: number): Promise<void>;
  loseBody(account: AccountId, seq: number): Promise<void>;
  shortenBody(account: AccountId, seq: number): Promise<void>;
  loseRecord(account: AccountId, message: MessageId): Promise<void>;
  changeRecord(account: AccountId, message: MessageId, field: "envelope" | "summary" | "place"): Promise<void>;
  changeSnapshotParts(account: AccountId): Promise<void>;
  /** Its head counts other bytes as used. */
  changeSnapshotUsed(account: AccountId): Promise<void>;
  loseBlob(blob: BlobId): Promise<void>;
  tearBlob(blob: BlobId): Promise<void>;
  changeBlob(blob: BlobId): Promise<void>;
  loseReference(reference: BlobReference): Promise<void>;
  /**
   * Everything that is kept, a line each: `table key: value`. Without what tells only when a blob was last looked at, and
   * without names that a store gives its rows.
   */
  dump(): Promise<readonly string[]>;
  close(): Promise<void>;
};
