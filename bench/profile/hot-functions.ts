import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProfiledPath } from "../results-file.ts";

type CpuProfile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { functionName: string; url: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly endTime: number;
  readonly startTime: number;
};

const shown = 12;

/**
 * Where the main thread was, by the samples that `--cpu-prof` has left in a directory, taken between `from` and `to` milliseconds
 * before its end. A function that is none of JavaScript's has no place, only a name.
 */
export function hotFunctions(directory: string, from: number, to: number): ProfiledPath["hot"] {
  const file = readdirSync(directory).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) return [];
  const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(
    readFileSync(join(directory, file), "utf8"),
  ) as CpuProfile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const counts = new Map<string, number>();
  let at = startTime;
  let all = 0;
  samples.forEach((sample, index) => {
    at += timeDeltas[index]!;
    const ago = (endTime - at) / 1000;
    if (ago > from || ago < to) return;
    const where = placeOf(frames.get(sample)!);
    counts.set(where, (counts.get(where) ?? 0) + 1);
    all++;
  });
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([where, count]) => ({ where, share: count / all }));
}

function placeOf({ functionName, url }: { functionName: string; url: string }): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  const own = /\/(src\/.*)$/.exec(url)?.[1];
  const library = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  const place = library ?? own ?? url;
  return place === "" ? `${name} (native)` : `${name} (${place})`;
}
