import type { AppendResult, BodyPlace } from "../log.ts";
import type { SchemaName } from "./schema.ts";

/**
 * Everything the writer does, as plain data that crosses threads: what is asked and what is answered. A job is done
 * whole or not at all; jobs that wait together are committed together.
 */
export type TruthJobs = {
  append: { ask: { entries: readonly EntryRow[] }; answer: readonly AppendResult[] };
  /** Forgets up to `limit` entries of the account's oldest; answers how many it found. */
  dropEntries: { ask: { account: Uint8Array; before: number; limit: number }; answer: number };
  dropBodies: { ask: { account: Uint8Array; places: readonly BodyPlace[] }; answer: null };
  putBodies: { ask: { account: Uint8Array; entries: readonly BodiesRow[] }; answer: null };
  putBasePart: { ask: BasePartRow; answer: null };
  /** Makes the parts of that name the base. */
  putBase: { ask: BaseRow; answer: null };
  trim: {
    ask: { account: Uint8Array; after: number; through: number; kept: readonly BodyPlace[] };
    answer: null;
  };
  dropBase: { ask: { account: Uint8Array }; answer: null };
  /** Registers the blob, then moves the finished file from `from` to its name. */
  putBlob: { ask: { blob: Uint8Array; size: number; from: string; to: string; now: number }; answer: null };
  reference: { ask: { keys: Uint8Array }; answer: null };
  unreference: { ask: { keys: Uint8Array; now: number }; answer: null };
  /** Deletes those of the blobs that nobody refers to and nobody touched since `before`. */
  sweepBlobs: { ask: { blobs: readonly { blob: Uint8Array; path: string }[]; before: number }; answer: Swept };
  dropReferences: { ask: { account: Uint8Array; limit: number; now: number }; answer: number };
  insertUser: {
    ask: { user: UserRow; address: AddressRow | null };
    answer: "inserted" | "userExists" | "addressExists";
  };
  updateUser: {
    ask: { id: Uint8Array; version: number; change: string };
    answer: "changed" | "conflict" | "noSuchUser";
  };
  deleteUser: { ask: { id: Uint8Array }; answer: boolean };
  insertAddress: { ask: AddressRow; answer: "inserted" | "addressExists" };
  deleteAddress: { ask: { addressView: string }; answer: boolean };
  putSettingOnce: { ask: { key: string; value: string }; answer: string };
};

export type StateJobs = {
  saveSnapshot: { ask: SnapshotRow; answer: null };
  saveMessages: { ask: { account: Uint8Array; messages: readonly MessageRow[] }; answer: null };
  deleteMessages: { ask: { account: Uint8Array; messages: readonly Uint8Array[] }; answer: null };
  dropSnapshot: { ask: { account: Uint8Array }; answer: null };
  /** Forgets up to `limit` rows of the account; answers how many it found. */
  dropState: { ask: { account: Uint8Array; limit: number }; answer: number };
};

export type Jobs = TruthJobs & StateJobs;
export type JobKind = keyof Jobs;
export type Job = {
  [K in JobKind]: { readonly id: number; readonly kind: K; readonly ask: Jobs[K]["ask"] };
}[JobKind];
export type Performers<Kinds extends JobKind> = { [K in Kinds]: (ask: Jobs[K]["ask"]) => Jobs[K]["answer"] };

/** The file each job writes. */
export const fileOfJob = {
  append: "truth",
  dropEntries: "truth",
  dropBodies: "truth",
  putBodies: "truth",
  putBasePart: "truth",
  putBase: "truth",
  trim: "truth",
  dropBase: "truth",
  putBlob: "truth",
  reference: "truth",
  unreference: "truth",
  sweepBlobs: "truth",
  dropReferences: "truth",
  insertUser: "truth",
  updateUser: "truth",
  deleteUser: "truth",
  insertAddress: "truth",
  deleteAddress: "truth",
  putSettingOnce: "truth",
  saveSnapshot: "state",
  saveMessages: "state",
  deleteMessages: "state",
  dropSnapshot: "state",
  dropState: "state",
} as const satisfies Record<JobKind, SchemaName>;

export type Answer =
  | { readonly id: number; readonly ok: true; readonly answer: Jobs[JobKind]["answer"] }
  /** `unavailable`: trying later may help. */
  | {
      readonly id: number;
      readonly ok: false;
      readonly unavailable: boolean;
      readonly full: boolean;
      readonly why: string;
      readonly kept: "no" | "unknown";
    };

export type EntryRow = {
  readonly account: Uint8Array;
  readonly seq: number;
  readonly at: number;
  readonly batch: string;
  readonly checksum: string;
  readonly transactions: string;
  readonly bodies: readonly Uint8Array[];
};
export type BodiesRow = {
  readonly seq: number;
  readonly bodies: readonly { readonly index: number; readonly bytes: Uint8Array }[];
};
export type BasePartRow = {
  readonly account: Uint8Array;
  readonly name: string;
  readonly part: number;
  readonly seq: number;
  readonly bytes: Uint8Array;
};
export type BaseRow = {
  readonly account: Uint8Array;
  readonly seq: number;
  readonly at: number;
  readonly name: string;
  readonly parts: number;
};
export type Swept = { readonly deleted: number; readonly bytes: number };
/** `record` is the user as JSON, without id. */
export type UserRow = { readonly id: Uint8Array; readonly usernameView: string; readonly record: string };
export type AddressRow = {
  readonly addressView: string;
  readonly user: Uint8Array;
  readonly id: Uint8Array;
  readonly record: string;
};
export type SnapshotRow = {
  readonly account: Uint8Array;
  readonly seq: number;
  readonly head: Uint8Array;
  readonly names: readonly string[];
  readonly parts: readonly { readonly name: string; readonly bytes: Uint8Array }[];
};
export type MessageRow = {
  readonly message: Uint8Array;
  readonly place: Uint8Array;
  readonly envelope: Uint8Array;
  readonly bodystructure: Uint8Array;
  readonly anatomy: Uint8Array;
  readonly summary: Uint8Array;
};
