import { ObjectId } from "mongodb";
import type { LogEntry, Transaction } from "../../domain/account/events.ts";
import type { BlobId } from "../../domain/ids.ts";

/** What the collections hold. Ids are ObjectIds, bytes are Binary; inside events ids stay text, as the domain wrote them. */
export type EntryDocument = {
  _id: ObjectId;
  account: ObjectId;
  seq: number;
  at: Date;
  batch: string;
  transactions: readonly Transaction[];
  checksum: string;
  bodies: readonly Uint8Array[];
};
/** What trimming leaves of an entry: its key, which stays taken, and bodies that are still needed, null for the others. */
export type TrimmedDocument = Pick<EntryDocument, "_id" | "account" | "seq"> & {
  bodies?: readonly (Uint8Array | null)[];
};
export type BaseDocument = {
  _id: ObjectId;
  account: ObjectId;
  seq: number;
  at: Date;
  name: string;
  /** How many there are. */
  parts: number;
  trimmed: number;
};
export type BasePartDocument = {
  _id: ObjectId;
  account: ObjectId;
  name: string;
  part: number;
  seq: number;
  bytes: Uint8Array;
};
export type SnapshotDocument = {
  _id: ObjectId;
  account: ObjectId;
  seq: number;
  head: Uint8Array;
  names: readonly string[];
};
/** `seq`: of the snapshot that brought it. */
export type PartDocument = { _id: ObjectId; account: ObjectId; name: string; seq: number; bytes: Uint8Array };
export type MessageDocument = {
  _id: ObjectId;
  account: ObjectId;
  message: ObjectId;
  place: Uint8Array;
  envelope: Uint8Array;
  bodystructure: Uint8Array;
  anatomy: Uint8Array;
  summary: Uint8Array;
};
export type ReferenceDocument = { _id: ObjectId; blob: BlobId; account: ObjectId; message: ObjectId };
export type SettingDocument = { _id: string; value: string };

export const objectId = (hex: string) => ObjectId.createFromHexString(hex);

/** Bytes of their own: what the driver gives may be a window on a whole reply, and would keep or send along all of it. */
export const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

export function documentOf(entry: LogEntry): EntryDocument {
  const { account, seq, at, batch, transactions, checksum, bodies } = entry;
  return {
    _id: new ObjectId(),
    account: objectId(account),
    seq,
    at: new Date(at),
    batch,
    transactions,
    checksum,
    bodies,
  };
}

export type ReadEntryDocument = Omit<EntryDocument, "bodies"> & { bodies?: readonly (Uint8Array | null)[] };

export function entryOf(document: ReadEntryDocument): LogEntry {
  return {
    account: document.account.toHexString() as LogEntry["account"],
    seq: document.seq,
    at: document.at.getTime(),
    batch: document.batch,
    transactions: document.transactions.map(withOwnBytes),
    checksum: document.checksum,
    bodies: (document.bodies ?? []).map((body) => ownBytes(body ?? new Uint8Array(0))),
  };
}

function withOwnBytes(transaction: Transaction): Transaction {
  return {
    request: transaction.request,
    events: transaction.events.map((event) =>
      event.kind === "appended"
        ? {
            ...event,
            content: event.content.map((piece) =>
              piece.kind === "literal" ? { kind: "literal", bytes: ownBytes(piece.bytes) } : piece,
            ),
          }
        : event,
    ),
  };
}
