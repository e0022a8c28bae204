import type { Blobs } from "./blobs.ts";
import type { DirectoryStore } from "./directory.ts";
import type { Log } from "./log.ts";
import type { State } from "./state.ts";

/** What a worker keeps mail with: one connection of its own to everything durable. Hints are the node's, not a worker's. */
export type Stores = {
  readonly log: Log;
  readonly state: State;
  readonly blobs: Blobs;
  readonly directory: DirectoryStore;
  /** Lets go of files and sockets; what was acknowledged is kept. */
  close(): Promise<void>;
};
