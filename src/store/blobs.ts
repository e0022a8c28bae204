import type { AccountId, BlobId, MessageId } from "../domain/ids.ts";

/**
 * Bytes under the name of their SHA-256, kept once however often they are put. A reference is a row under the unique
 * key {blob, account, message}: adding it twice is adding it once, so a retry or a crash cannot miscount. A blob that
 * has had no reference for a day is swept.
 */
export interface Blobs {
  /** A place to write bytes to; durable when `finish` answers. */
  create(): BlobWriter;
  /** Bytes [offset, offset + length) of the blob, fewer at its end; null where there is no such blob. */
  read(blob: BlobId, offset: number, length: number): Promise<Uint8Array | null>;
  /** Adds references; durable when it answers. */
  reference(references: readonly BlobReference[]): Promise<void>;
  unreference(references: readonly BlobReference[]): Promise<void>;
  /** Every reference of an account. */
  references(account: AccountId): AsyncIterable<BlobReference>;
  /** Deletes blobs without a reference that were last put or unreferenced before `before` (milliseconds since 1970). Safe to end at any point and to run on many nodes. */
  sweep(before: number): Promise<{ deleted: number; bytes: number }>;
  /** Forgets every reference of an account. */
  drop(account: AccountId): Promise<void>;
}

export interface BlobWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** The bytes are durable under this name. */
  finish(): Promise<{ blob: BlobId; size: number }>;
  /** Forgets what was written. */
  abort(): Promise<void>;
}

export type BlobReference = { readonly blob: BlobId; readonly account: AccountId; readonly message: MessageId };
