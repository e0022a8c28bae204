import type { Mailbox } from "./account.ts";
import { type Chunk, lowerBound } from "./chunk.ts";
import { seen } from "./flags.ts";
import type { UidRuns } from "./uid-runs.ts";

/** Calls `visit` for each message of `uids` that exists, ascending. Costs what is found, not what is asked for. */
export function eachRow(mailbox: Mailbox, uids: UidRuns, visit: (chunk: Chunk, at: number) => void): void {
  for (const { chunk, start, end } of stretches(mailbox, uids)) for (let at = start; at < end; at++) visit(chunk, at);
}

/** Rows of one chunk that follow each other: from `start` up to, not including, `end`; at least one. */
export type Stretch = { readonly chunk: Chunk; readonly c: number; readonly start: number; readonly end: number };

/** The messages of `uids` that exist, ascending, each of them once. `c`: the index of the chunk. */
export function* stretches({ chunks }: Pick<Mailbox, "chunks">, uids: UidRuns): Generator<Stretch> {
  let chunkAt = 0;
  for (let run = 0; run < uids.length; run += 2) {
    const first = uids[run]!;
    const last = uids[run + 1]!;
    chunkAt = firstChunkReaching(chunks, first, chunkAt);
    for (let c = chunkAt; c < chunks.length; c++) {
      const chunk = chunks[c]!;
      if (chunk.fixed.uid[0]! > last) break;
      const start = lowerBound(chunk, first);
      const end = last >= chunk.fixed.uid[chunk.length - 1]! ? chunk.length : lowerBound(chunk, last + 1);
      if (start < end) yield { chunk, c, start, end };
      chunkAt = c;
    }
  }
}

/** Those of `uids` that exist, how many they are, and the sum of their sizes. Whole, unbroken chunks cost nothing. */
export function presentAmong(
  mailbox: Mailbox,
  uids: UidRuns,
): { readonly uids: UidRuns; readonly messages: number; readonly bytes: number } {
  const runs: number[] = [];
  let messages = 0;
  let bytes = 0;
  for (const { chunk, start, end } of stretches(mailbox, uids)) {
    addRuns(runs, chunk, start, end);
    messages += end - start;
    if (end - start === chunk.length) bytes += chunk.bytes;
    else for (let at = start; at < end; at++) bytes += chunk.fixed.size[at]!;
  }
  return { uids: runs, messages, bytes };
}

/** Adds the UIDs of rows behind all those in `runs`. */
function addRuns(runs: number[], { fixed }: Chunk, start: number, end: number): void {
  const column = fixed.uid;
  const add = (first: number, last: number): void => {
    const tail = runs.length - 1;
    if (tail > 0 && runs[tail] === first - 1) runs[tail] = last;
    else runs.push(first, last);
  };
  if (column[end - 1]! - column[start]! === end - 1 - start) add(column[start]!, column[end - 1]!);
  else for (let at = start; at < end; at++) add(column[at]!, column[at]!);
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
  for (const chunk of mailbox.chunks) addRuns(runs, chunk, 0, chunk.length);
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
