import { judge, short, timesBetter } from "../judgement.ts";
import { differences } from "../print.ts";
import type { Measured, Result } from "../results-file.ts";
import { serverNames } from "./server-names.ts";

const peers = ["dovecot", "wildduck"] as const;

/** Figures of one or several workloads: the medians with the raw values in brackets, how many times better Eider is, the aims. */
export function figureTable(results: readonly Result[]): string {
  if (results.length === 0) return "_Not measured in this run._";
  const there = peers.filter((peer) => results.some(({ servers }) => servers[peer] !== undefined));
  const head = ["", ...there.map(serverNames), "Eider", ...there.map((peer) => `× ${serverNames(peer)}`), "aim"];
  const lines = results.map((result) => row(result, there));
  const table = [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...lines].join("\n");
  return [table, ...notes(results)].join("\n\n");
}

function row(result: Result, there: readonly (typeof peers)[number][]): string {
  const { what, unit, servers } = result;
  const cells = [
    escaped(what),
    ...[...there, "eider" as const].map((name) => cell(servers[name], unit)),
    ...there.map((peer) => {
      const ratio = timesBetter(result, peer);
      return ratio === null ? "" : ratio < 1 ? `**${short(ratio)}**` : short(ratio);
    }),
    judge(result)
      .map(({ aim, met }) => (met === false ? `**${aim}: missed**` : met ? aim : `${aim} (not measured)`))
      .join("; "),
  ];
  return `| ${cells.join(" | ")} |`;
}

function cell(measured: Measured | undefined, unit: string): string {
  if (measured === undefined) return "";
  const { median, raw } = measured;
  const value = `${short(median)}${unit === "" ? "" : unit.startsWith("/") ? unit : ` ${unit}`}`;
  return raw.length > 1 ? `${value} [${raw.map(short).join(" ")}]` : value;
}

/** Sizes that differ between the servers; by workload, for each has its own. */
function notes(results: readonly Result[]): string[] {
  const workloads = [...new Set(results.map(({ workload }) => workload))];
  const said = workloads.flatMap((workload) => {
    const own = results.filter((result) => result.workload === workload);
    const per = own.some(({ per }) => per !== undefined) ? "; what grows with them is compared by the cost of one" : "";
    return differences(own).map((line) => `Sizes of ${workload} for ${capitalised(line)}${per}.`);
  });
  return said.length === 0 ? [] : [said.join(" ")];
}

function capitalised(line: string): string {
  const [name, ...rest] = line.split(":");
  return `${serverNames(name!)}:${rest.join(":")}`;
}

/** Text of a table cell. */
export function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}
