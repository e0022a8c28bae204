import type { UidRuns } from "../../domain/account/uid-runs.ts";

/**
 * Sequence numbers are places in the ascending list of the UIDs a client knows (RFC 3501 §2.3.1.2). Both directions
 * work on runs: their cost is the number of runs, not of messages.
 */

/** Places of those of `uids` that are known, as runs. */
export function sequencesOf(known: UidRuns, uids: UidRuns): UidRuns {
  const sequences: number[] = [];
  let before = 0;
  let at = 0;
  for (let i = 0; i < uids.length && at < known.length; ) {
    const first = Math.max(uids[i]!, known[at]!);
    const last = Math.min(uids[i + 1]!, known[at + 1]!);
    if (first <= last) pushRun(sequences, before + first - known[at]! + 1, before + last - known[at]! + 1);
    if (uids[i + 1]! < known[at + 1]!) i += 2;
    else {
      before += known[at + 1]! - known[at]! + 1;
      at += 2;
    }
  }
  return sequences;
}

/** UIDs at the places `sequences`; places past the end have none. */
export function uidsAt(known: UidRuns, sequences: UidRuns): UidRuns {
  const uids: number[] = [];
  let before = 0;
  let at = 0;
  for (let i = 0; i < sequences.length && at < known.length; ) {
    const length = known[at + 1]! - known[at]! + 1;
    const first = Math.max(sequences[i]!, before + 1);
    const last = Math.min(sequences[i + 1]!, before + length);
    if (first <= last) pushRun(uids, known[at]! + first - before - 1, known[at]! + last - before - 1);
    if (sequences[i + 1]! < before + length) i += 2;
    else {
      before += length;
      at += 2;
    }
  }
  return uids;
}

/** Appends a run that lies above all of `runs`, joining it to the last one where they touch. */
function pushRun(runs: number[], first: number, last: number): void {
  if (runs.length > 0 && runs[runs.length - 1] === first - 1) runs[runs.length - 1] = last;
  else runs.push(first, last);
}
