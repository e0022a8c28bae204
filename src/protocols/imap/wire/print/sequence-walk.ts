import type { UidRuns } from "../../../../domain/account/uid-runs.ts";

/** Sequence numbers of messages that are asked for in ascending order. */
export interface SequenceWalk {
  /** The sequence number of `uid`; 0 where the client has not been told of such a message. */
  to(uid: number): number;
}

/** Walks the UIDs that a client knows, of which the n-th has the sequence number n; never goes back. */
export function sequenceWalk(known: UidRuns): SequenceWalk {
  let run = 0;
  let before = 0;
  return {
    to(uid) {
      while (run < known.length && known[run + 1]! < uid) {
        before += known[run + 1]! - known[run]! + 1;
        run += 2;
      }
      if (run >= known.length || uid < known[run]!) return 0;
      return before + uid - known[run]! + 1;
    },
  };
}
