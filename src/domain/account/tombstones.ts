import { difference, noUids, runOf, runsOfRanges, type UidRuns } from "./uid-runs.ts";

/**
 * What was expunged from a mailbox, and when: runs of UIDs with the mod-sequence of their end, in the order it happened
 * (RFC 7162 §3.2: QRESYNC wants it back). Beyond `capacity` runs the older half is forgotten and `floor` rises: a client
 * that was away for longer is told every UID that is not there.
 */
export type Tombstones = {
  readonly count: number;
  /** [first, last, modseq] × count; shared between states as a chunk's columns are. */
  readonly runs: { filled: number; readonly triples: Uint32Array };
  /** Everything expunged at a mod-sequence above this is known. */
  readonly floor: number;
};

export const tombstoneCapacity = 32_768;

export const noTombstones: Tombstones = { count: 0, runs: { filled: 0, triples: new Uint32Array(0) }, floor: 0 };

/** The tombstones with `uids` added, expunged at `modseq`, which is no lower than any before. */
export function bury(tombstones: Tombstones, uids: UidRuns, modseq: number): Tombstones {
  const added = uids.length / 2;
  let { runs, count, floor } = tombstones;
  if (count + added > tombstoneCapacity) {
    const keepFrom = Math.min(count, Math.max(count >> 1, count + added - tombstoneCapacity));
    if (keepFrom > 0) floor = runs.triples[keepFrom * 3 - 1]!;
    const kept = runs.triples.slice(keepFrom * 3, count * 3);
    count -= keepFrom;
    runs = { filled: count, triples: kept };
  }
  if (runs.filled !== count || (count + added) * 3 > runs.triples.length) {
    const triples = new Uint32Array(Math.max(12, (count + added) * 3, count * 6));
    triples.set(runs.triples.subarray(0, count * 3));
    runs = { filled: count, triples };
  }
  for (let at = 0; at < uids.length; at += 2) {
    const to = (count + at / 2) * 3;
    runs.triples[to] = uids[at]!;
    runs.triples[to + 1] = uids[at + 1]!;
    runs.triples[to + 2] = modseq;
  }
  runs.filled = count + added;
  return { count: count + added, runs, floor };
}

/** UIDs expunged after `since`, or null where that reaches further back than what is kept. */
export function buriedSince(tombstones: Tombstones, since: number): UidRuns | null {
  if (since < tombstones.floor) return null;
  const { triples } = tombstones.runs;
  let low = 0;
  let high = tombstones.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (triples[middle * 3 + 2]! <= since) low = middle + 1;
    else high = middle;
  }
  const ranges: [number, number][] = [];
  for (let at = low; at < tombstones.count; at++) ranges.push([triples[at * 3]!, triples[at * 3 + 1]!]);
  return ranges.length === 0 ? noUids : runsOfRanges(ranges);
}

/** Every UID below `uidNext` that is not in `present`. */
export function absentUids(present: UidRuns, uidNext: number): UidRuns {
  return difference(runOf(1, uidNext - 1), present);
}

/** As bytes, for a snapshot. */
export function packTombstones(tombstones: Tombstones): Uint8Array {
  const words = new Uint32Array(1 + tombstones.count * 3);
  words[0] = tombstones.floor;
  words.set(tombstones.runs.triples.subarray(0, tombstones.count * 3), 1);
  return new Uint8Array(words.buffer);
}

export function unpackTombstones(bytes: Uint8Array): Tombstones {
  const words = new Uint32Array(bytes.slice().buffer);
  const triples = words.slice(1);
  const count = triples.length / 3;
  return { count, runs: { filled: count, triples }, floor: words[0] ?? 0 };
}
