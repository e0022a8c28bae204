import type { MessagePort } from "node:worker_threads";
import type { AccountId } from "../../domain/ids.ts";
import type { DirectoryStore } from "../../store/directory.ts";
import type { AccountRequest, Announcement } from "./requests.ts";

/** What the main thread says to a shard worker. */
export type ToShard =
  | { kind: "ask"; id: number; account: AccountId; request: AccountRequest }
  | { kind: "directory"; id: number; method: keyof DirectoryStore; args: readonly unknown[] }
  | { kind: "control"; id: number; control: Control }
  | { kind: "watch"; account: AccountId }
  | { kind: "unwatch"; account: AccountId }
  /** CPU worker `worker` has a new port; the old one is dead. */
  | { kind: "cpu"; worker: number; port: MessagePort };

/** Things asked of the worker itself. */
export type Control = "stats" | "close" | "ping" | "sweep";

/** What a shard worker says to the main thread. */
export type FromShard =
  | { kind: "ready" }
  | { kind: "answer"; id: number; value: unknown }
  /** A fault: the answer cannot be given. `unavailable`: the store does not answer. */
  | { kind: "failed"; id: number; message: string; unavailable: boolean }
  | { kind: "announced"; announcement: Announcement }
  | { kind: "lagged"; account: AccountId };

export type ShardStats = {
  readonly actors: number;
  readonly waiting: number;
  readonly unrecorded: number;
  /** Round trips to the database so far; 0 for the embedded store. */
  readonly roundTrips: number;
};
