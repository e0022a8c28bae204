import { noUids, runsOfRanges, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { asterisk, colon, comma } from "./characters.ts";
import type { Cursor } from "./cursor.ts";
import { nzNumber } from "./grammar/numbers.ts";
import { highest, type SequenceSet } from "./types.ts";

/**
 * sequence-set = (seq-number / seq-range) ["," sequence-set]
 * seq-range = seq-number ":" seq-number ; 2:4 and 4:2 are the same
 * seq-number = nz-number / "*"
 */
export function sequenceSet(cursor: Cursor): SequenceSet {
  const pairs: number[] = [];
  do {
    const one = seqNumber(cursor);
    const other = cursor.skip(colon) ? seqNumber(cursor) : one;
    if (one <= other) pairs.push(one, other);
    else pairs.push(other, one);
  } while (cursor.skip(comma));
  return pairs as readonly number[] as SequenceSet;
}

/** known-uids = sequence-set ; without "*" (RFC 7162 §7) */
export function knownSet(cursor: Cursor): UidRuns {
  const from = cursor.at;
  const set = sequenceSet(cursor);
  if (set.includes(highest)) throw cursor.expected("sequence-set without *", from);
  return resolveSet(set, 0);
}

/**
 * The numbers a set names where `top` is the highest in use (0: none): `*` is `top`, and 500:* with a top of 100 is
 * 100:500 (RFC 3501 §6.4.8). Numbers that are not in use stay in; empty only for `*` where nothing is.
 */
export function resolveSet(set: SequenceSet, top: number): UidRuns {
  const ranges: [number, number][] = [];
  for (let at = 0; at < set.length; at += 2) {
    const first = set[at]!;
    const last = set[at + 1]!;
    if (last !== highest) ranges.push([first, last]);
    else if (top === 0) continue;
    else if (first === highest) ranges.push([top, top]);
    else ranges.push(first <= top ? [first, top] : [top, first]);
  }
  return ranges.length === 0 ? noUids : runsOfRanges(ranges);
}

function seqNumber(cursor: Cursor): number {
  return cursor.skip(asterisk) ? highest : nzNumber(cursor);
}
