import type { Uid } from "../ids.ts";

/**
 * A set of UIDs as flat pairs [first, last, first, last, …]: ascending, disjoint, not touching. 1:99999 is two numbers.
 * Plain data: it crosses workers and goes into the log as it is.
 */
export type UidRuns = readonly number[];

export const noUids: UidRuns = [];

/** One run from `first` to `last`, both included; empty when `last` is below `first`. */
export function runOf(first: number, last: number = first): UidRuns {
  return last < first ? noUids : [first, last];
}

/** The runs of ascending, distinct UIDs. */
export function runsOfSorted(uids: ArrayLike<number>): UidRuns {
  const runs: number[] = [];
  const count = uids.length;
  let at = 0;
  while (at < count) {
    const first = uids[at]!;
    let last = first;
    at++;
    while (at < count && uids[at] === last + 1) {
      last++;
      at++;
    }
    runs.push(first, last);
  }
  return runs;
}

/** The runs of UIDs in any order, repeats allowed. */
export function runsOf(uids: Iterable<number>): UidRuns {
  const sorted = Uint32Array.from(uids).sort();
  const distinct: number[] = [];
  for (const uid of sorted) if (uid !== distinct[distinct.length - 1]) distinct.push(uid);
  return runsOfSorted(distinct);
}

/** The runs of any [first, last] pairs, in any order, overlapping or touching allowed. */
export function runsOfRanges(ranges: readonly (readonly [number, number])[]): UidRuns {
  const sorted = ranges.filter(([first, last]) => last >= first).sort((a, b) => a[0] - b[0]);
  const runs: number[] = [];
  for (const [first, last] of sorted) {
    const end = runs.length - 1;
    if (end > 0 && first <= runs[end]! + 1) runs[end] = Math.max(runs[end]!, last);
    else runs.push(first, last);
  }
  return runs;
}

/** How many UIDs the set holds. */
export function countUids(runs: UidRuns): number {
  let count = 0;
  for (let at = 0; at < runs.length; at += 2) count += runs[at + 1]! - runs[at]! + 1;
  return count;
}

/** Every UID of the set, ascending. Only for sets known to be real messages: 1:4294967295 would be long. */
export function* eachUid(runs: UidRuns): Generator<Uid> {
  for (let at = 0; at < runs.length; at += 2) {
    const last = runs[at + 1]!;
    for (let uid = runs[at]!; uid <= last; uid++) yield uid as Uid;
  }
}

/** Whether the set holds `uid`, by binary search. */
export function hasUid(runs: UidRuns, uid: number): boolean {
  let low = 0;
  let high = runs.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (uid < runs[middle * 2]!) high = middle - 1;
    else if (uid > runs[middle * 2 + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}

/** UIDs in either set. */
export function union(a: UidRuns, b: UidRuns): UidRuns {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  if (b[0]! > a[a.length - 1]! + 1) return [...a, ...b];
  const ranges: [number, number][] = [];
  for (let at = 0; at < a.length; at += 2) ranges.push([a[at]!, a[at + 1]!]);
  for (let at = 0; at < b.length; at += 2) ranges.push([b[at]!, b[at + 1]!]);
  return runsOfRanges(ranges);
}

/** The first run that reaches `uid`, by binary search; the length of the set where none does. */
function runReaching(runs: UidRuns, uid: number): number {
  let low = 0;
  let high = runs.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle * 2 + 1]! < uid) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}

/** UIDs in both sets. What lies before the other set's first UID is not looked at: one of them is often a single UID. */
export function intersection(a: UidRuns, b: UidRuns): UidRuns {
  const runs: number[] = [];
  let i = b.length === 0 ? 0 : runReaching(a, b[0]!);
  let j = a.length === 0 ? 0 : runReaching(b, a[0]!);
  while (i < a.length && j < b.length) {
    const first = Math.max(a[i]!, b[j]!);
    const last = Math.min(a[i + 1]!, b[j + 1]!);
    if (first <= last) runs.push(first, last);
    if (a[i + 1]! < b[j + 1]!) i += 2;
    else j += 2;
  }
  return runs;
}

/** UIDs of `a` that are not in `b`. */
export function difference(a: UidRuns, b: UidRuns): UidRuns {
  if (b.length === 0) return a;
  const runs: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let first = a[i]!;
    const last = a[i + 1]!;
    while (j < b.length && b[j + 1]! < first) j += 2;
    for (let k = j; k < b.length && b[k]! <= last; k += 2) {
      if (b[k]! > first) runs.push(first, b[k]! - 1);
      first = b[k + 1]! + 1;
      if (first > last) break;
    }
    if (first <= last) runs.push(first, last);
  }
  return runs;
}
