import type { Mailbox } from "./account.ts";
import { type Chunk, lowerBound } from "./chunk.ts";
import { seen } from "./flags.ts";
import type { UidRuns } from "./uid-runs.ts";

/** Calls `visit` for each message of `uids` that exists, ascending. Costs what is found, not what is asked for. */
export function eachRow(mailbox: Mailbox, uids: UidRuns, visit: (chunk: Chunk, at: number) => void): void {
  const { chunks } = mailbox;
  let chunkAt = 0;
  for (let run = 0; run < uids.length; run += 2) {
    const first = uids[run]!;
    const last = uids[run + 1]!;
    chunkAt = firstChunkReaching(chunks, first, chunkAt);
    for (let c = chunkAt; c < chunks.length; c++) {
      const chunk = chunks[c]!;
      const column = chunk.fixed.uid;
      if (column[0]! > last) break;
      for (let at = lowerBound(chunk, first); at < chunk.length && column[at]! <= last; at++) visit(chunk, at);
      chunkAt = c;
    }
  }
}

/** Index of the first chunk, from `from` on, whose last UID is `uid` or above. */
export function firstChunkReaching(chunks: readonly Chunk[], uid: number, from = 0): number {
  let low = from;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const chunk = chunks[middle]!;
    if (chunk.fixed.uid[chunk.length - 1]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All UIDs of the mailbox. Unbroken chunks cost nothing. */
export function allUids(mailbox: Mailbox): UidRuns {
  const runs: number[] = [];
  const add = (first: number, last: number): void => {
    const end = runs.length - 1;
    if (end > 0 && runs[end] === first - 1) runs[end] = last;
    else runs.push(first, last);
  };
  for (const { fixed, length } of mailbox.chunks) {
    const column = fixed.uid;
    if (column[length - 1]! - column[0]! === length - 1) add(column[0]!, column[length - 1]!);
    else for (let at = 0; at < length; at++) add(column[at]!, column[at]!);
  }
  return runs;
}

/** The lowest UID without \Seen, or null. */
export function firstUnseenUid(mailbox: Mailbox): number | null {
  for (const chunk of mailbox.chunks) {
    if (chunk.unseen === 0) continue;
    for (let at = 0; at < chunk.length; at++) if (!(chunk.marks.flags[at]! & seen)) return chunk.fixed.uid[at]!;
  }
  return null;
}
