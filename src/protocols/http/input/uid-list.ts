import { noUids, runsOfRanges, type UidRuns } from "../../../domain/account/uid-runs.ts";

const highest = 0xffffffff;

/**
 * Messages as clients name them in `message`: `5`, `1,2,7`, `1:100`, `10:*`, and mixtures; null for anything else.
 * `10:*` is everything from 10 on.
 */
export function readUidList(text: string): UidRuns | null {
  const ranges: [number, number][] = [];
  for (const item of text.split(",")) {
    const found = /^\s*(\d{1,10})(?:\s*:\s*(\d{1,10}|\*))?\s*$/.exec(item);
    if (!found) return null;
    const first = numberOf(found[1]!);
    const last = found[2] === undefined ? first : numberOf(found[2]);
    if (first < 1 || last < 1 || first > highest || last > highest) return null;
    ranges.push(first <= last ? [first, last] : [last, first]);
  }
  return ranges.length === 0 ? noUids : runsOfRanges(ranges);
}

const numberOf = (text: string) => (text === "*" ? highest : Number(text));
