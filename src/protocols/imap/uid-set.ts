import type { UidRuns } from "../../domain/account/uid-runs.ts";
import type { ResponseBuffer } from "./wire/print/response-buffer.ts";

/** uid-set / sequence-set: `1:4,7`. Not for an empty set, which has no spelling. */
export function writeUidSet(out: ResponseBuffer, runs: UidRuns): void {
  for (let at = 0; at < runs.length; at += 2) {
    if (at > 0) out.ascii(",");
    out.number(runs[at]!);
    if (runs[at + 1] !== runs[at]) out.ascii(":").number(runs[at + 1]!);
  }
}

/** The same as text, for response codes. */
export function uidSetText(runs: UidRuns): string {
  const ranges: string[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    ranges.push(runs[at] === runs[at + 1] ? `${runs[at]}` : `${runs[at]}:${runs[at + 1]}`);
  }
  return ranges.join(",");
}
