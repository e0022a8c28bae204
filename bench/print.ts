import { judge, short, timesBetter } from "./judgement.ts";
import type { Result } from "./results-file.ts";

/** Each figure of a workload in one line: the median for every server with the raw values, the ratios to the peers, the aims. */
export function print(results: readonly Result[]): void {
  if (results.length === 0) return;
  console.log(`\n${results[0]!.title}`);
  for (const result of results) console.log(`  ${line(result)}`);
}

function line(result: Result): string {
  const { what, unit, servers } = result;
  const columns = Object.entries(servers).map(([name, { median, raw, sizes }]) => {
    const sized = differing(servers.eider?.sizes ?? sizes, sizes);
    return `${name} ${short(median)} ${unit} [${raw.map(short).join(" ")}]${sized}`;
  });
  const ratios = Object.keys(servers).flatMap((peer) => {
    const ratio = timesBetter(result, peer);
    return ratio === null ? [] : [`${ratio.toFixed(2)} × ${peer}`];
  });
  const aims = judge(result).map(
    ({ aim, met }) => `aim ${aim}: ${met === null ? "not measured" : met ? "reached" : "MISSED"}`,
  );
  return `${what.padEnd(46)} ${[...columns, ...ratios, ...aims].join("   ")}`;
}

/** " (messages: 60)": the sizes that are not those of Eider. */
export function differing(ours: Readonly<Record<string, number>>, theirs: Readonly<Record<string, number>>): string {
  const other = Object.entries(theirs).filter(([name, size]) => ours[name] !== size);
  return other.length === 0
    ? ""
    : ` (${other.map(([name, size]) => `${name}: ${size.toLocaleString("en")}`).join(", ")})`;
}
