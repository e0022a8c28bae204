import { judge, short, timesBetter } from "../judgement.ts";
import type { Result } from "../results-file.ts";
import { reasons } from "./reasons.ts";
import { serverNames } from "./server-names.ts";
import { escaped } from "./tables.ts";

/** How many aims were reached, and every figure that missed one or where a peer was better, with the reason if it is known. */
export function verdicts(results: readonly Result[]): string {
  const aims = results.flatMap((result) => judge(result));
  const measured = aims.filter(({ met }) => met !== null);
  const reached = measured.filter(({ met }) => met);
  const lines = [`${reached.length} of ${measured.length} aims that could be measured were reached.`];
  const bad = results.flatMap((result) => faults(result));
  if (bad.length === 0)
    return [...lines, "No aim was missed, and no peer was better at anything that was measured."].join(" ");
  return [...lines, "", ...bad].join("\n");
}

function faults(result: Result): string[] {
  const missed = judge(result).filter(({ met }) => met === false);
  const lost = Object.keys(result.servers).filter((peer) => (timesBetter(result, peer) ?? 1) < 1);
  if (missed.length === 0 && lost.length === 0) return [];
  const { title, what, unit, servers } = result;
  const values = Object.entries(servers).map(([name, { median }]) =>
    `${serverNames(name)} ${short(median)} ${unit}`.trim(),
  );
  const kinds = [
    ...missed.map(({ aim }) => `the aim ${aim} is missed`),
    ...lost.map((peer) => `${serverNames(peer)} is better`),
  ];
  const reason = reasons[`${result.workload}.${result.figure}`] ?? "Why is not known yet.";
  return [`- **${escaped(title)}, ${escaped(what)}**: ${kinds.join(", ")} (${values.join(", ")}). ${reason}`];
}
