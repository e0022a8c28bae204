import { judge, short, timesBetter } from "./judgement.ts";
import type { Result } from "./results-file.ts";

/** Each figure of a workload in one line: the median for every server with the raw values, the ratios to the peers, the aims. */
export function print(results: readonly Result[]): void {
  if (results.length === 0) return;
  console.log(`\n${results[0]!.title}`);
  for (const smaller of differences(results)) console.log(`  (${smaller})`);
  for (const result of results) console.log(`  ${line(result)}`);
}

function line(result: Result): string {
  const { what, unit, servers } = result;
  const columns = Object.entries(servers).map(([name, { median, raw }]) => {
    return `${name} ${short(median)} ${unit} [${raw.map(short).join(" ")}]`;
  });
  const ratios = Object.keys(servers).flatMap((peer) => {
    const ratio = timesBetter(result, peer);
    return ratio === null ? [] : [`${short(ratio)} × ${peer}`];
  });
  const aims = judge(result).map(
    ({ aim, met }) => `aim ${aim}: ${met === null ? "not measured" : met ? "reached" : "MISSED"}`,
  );
  return `${what.padEnd(46)} ${[...columns, ...ratios, ...aims].join("   ")}`;
}

/** "wildduck: 60 each instead of 600": the sizes that are not those of Eider, by server. */
export function differences(results: readonly Result[]): string[] {
  const all = results.map(({ servers }) => servers);
  const ours = all.find(({ eider }) => eider !== undefined)?.eider?.sizes;
  if (ours === undefined) return [];
  return [...new Set(all.flatMap((servers) => Object.keys(servers)))].flatMap((name) => {
    const theirs = all.find((servers) => servers[name] !== undefined)![name]!.sizes;
    const other = Object.entries(theirs).filter(([size, count]) => ours[size] !== count);
    const said = other.map(([size, count]) => `${size} ${count.toLocaleString("en")} instead of ${ours[size]}`);
    return said.length === 0 ? [] : [`${name}: ${said.join(", ")}`];
  });
}
