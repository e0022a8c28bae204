import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, median, type Workload } from "./workload.ts";

/** What a workload gave: for each server a record of figures for each round. */
export type Taken = {
  readonly workload: Workload;
  readonly values: Map<string, Readonly<Record<string, number>>[]>;
};

/** Prints each figure: the median for every server with the raw values, the ratio to the first peer, the aim. With facts, writes them all to a file and says which. */
export function report(facts: object | null, taken: readonly Taken[], label: string): string {
  if (facts === null) {
    for (const each of taken) print(each);
    return "";
  }
  const directory = join(import.meta.dir, "results");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${new Date().toISOString().slice(0, 10)}-${label}.json`);
  const results = taken.flatMap(({ workload, values }) =>
    Object.entries(workload.figures).map(([figure, { what, unit, aim }]) => ({
      workload: workload.name,
      ...{ figure, what, unit, aim },
      servers: Object.fromEntries(
        [...values].map(([server, rounds]) => [server, summary(rounds, figure)]).filter(([, there]) => there !== null),
      ),
    })),
  );
  writeFileSync(file, `${JSON.stringify({ ...facts, results }, null, 2)}\n`);
  return file;
}

function summary(rounds: readonly Readonly<Record<string, number>>[], figure: string) {
  const raw = rounds.map((values) => values[figure]).filter((value) => value !== undefined);
  return raw.length === 0 ? null : { median: median(raw), raw };
}

function print({ workload, values }: Taken): void {
  console.log(`\n${workload.title}`);
  for (const [name, figure] of Object.entries(workload.figures)) {
    const columns: string[] = [];
    const medians = new Map<string, number>();
    for (const [server, rounds] of values) {
      const there = summary(rounds, name);
      if (there === null) continue;
      medians.set(server, there.median);
      columns.push(`${server} ${short(there.median)} ${figure.unit} [${there.raw.map(short).join(" ")}]`);
    }
    console.log(`  ${figure.what.padEnd(44)} ${columns.join("   ")}   ${judged(figure, medians)}`);
  }
}

/** "2.3 ×, aim 2 ×: reached". */
function judged(figure: Figure, medians: ReadonlyMap<string, number>): string {
  const ours = medians.get("eider");
  const peer = [...medians].find(([server]) => server !== "eider")?.[1];
  if (ours === undefined) return "";
  const ratio = peer === undefined ? null : figure.better === "more" ? ours / peer : peer / ours;
  const said = ratio === null ? [] : [`${ratio.toFixed(2)} ×`];
  const { times, value } = figure.aim ?? {};
  const met: boolean[] = [];
  if (times !== undefined) {
    said.push(`aim ${times} ×`);
    if (ratio !== null) met.push(ratio >= times);
  }
  if (value !== undefined) {
    said.push(`aim ${figure.better === "more" ? "≥" : "≤"} ${value} ${figure.unit}`);
    met.push(figure.better === "more" ? ours >= value : ours <= value);
  }
  return said.join(", ") + (met.length === 0 ? "" : met.every(Boolean) ? ": reached" : ": MISSED");
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
