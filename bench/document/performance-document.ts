import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { readResults } from "../results-file.ts";
import { cpuPlot, profileSection } from "./profile-section.ts";
import { ratioPlot } from "./ratio-plot.ts";
import { serverNames } from "./server-names.ts";
import { figureTable } from "./tables.ts";
import { verdicts } from "./verdicts.ts";

export type Merged = ReturnType<typeof readResults>;

/** The whole document and its plots by name. Text stands in `performance.md` beside this file; `{{name argument…}}` is filled in. */
export function performanceDocument(results: Merged): { text: string; plots: Record<string, string> } {
  const template = readFileSync(join(import.meta.dir, "performance.md"), "utf8");
  const plots: Record<string, string> = {};
  const plot = (name: string, svg: string | null, alternative: string) => {
    if (svg === null) return "";
    plots[name] = svg;
    return `![${alternative}](performance/${name}.svg)`;
  };
  const fillers: Record<string, (...names: string[]) => string> = {
    facts: () => facts(results),
    missing: () => missing(results),
    verdicts: () => verdicts(results.results),
    table: (...workloads) => figureTable(results.results.filter(({ workload }) => workloads.includes(workload))),
    plot: (name, ...workloads) => {
      const wanted = results.results.filter(({ workload }) =>
        (workloads.length > 0 ? workloads : [name]).includes(workload),
      );
      return plot(name!, ratioPlot(wanted), `How many times better Eider is, ${name}`);
    },
    profile: () => {
      const profile = results.profile ?? [];
      const stacked = plot("profile", cpuPlot(profile), "CPU time of each operation by thread");
      return [stacked, profileSection(profile)].filter((part) => part !== "").join("\n\n");
    },
  };
  const filled = template.replace(/\{\{(\w+)((?: [\w-]+)*)\}\}/g, (_, name: string, rest: string) => {
    const filler = fillers[name];
    if (filler === undefined) throw new Error(`Cannot write performance.md: nothing is called ${name}`);
    return filler(...rest.split(" ").filter((word) => word !== ""));
  });
  const text = `<!-- Written by bench/document.ts from bench/results/: ${results.sources.join(" ")}. Its words are in bench/document/performance.md. -->\n\n${filled}`;
  // Where a table or a plot has nothing to show, its empty lines go, too.
  return { text: text.replace(/\n{3,}/g, "\n\n"), plots };
}

function facts({ machine, at, commit, scale, runtime, settings, notes }: Merged): string {
  const rows = [
    ["machine", `${machine}; load generators and servers share the cores`],
    [
      "when, what",
      `${at.slice(0, 10)}, commit ${commit}, ${runtime}${scale === "quick" ? ", **small sizes: not for quoting**" : ""}`,
    ],
    ...Object.entries(settings).map(([name, lines]) => [serverNames(name), lines.join("; ")]),
    ...(notes ?? []).map((note) => ["note", note]),
  ];
  return ["| | |", "| --- | --- |", ...rows.map(([name, text]) => `| ${name} | ${text} |`)].join("\n");
}

function missing({ missing: those, failed = [] }: Merged): string {
  const names = [
    ...Object.entries(those).map(([name, why]) => `${serverNames(name)} (${why})`),
    ...failed.map(({ server, workload, why }) => `${serverNames(server)} in ${workload}, at least in part (${why})`),
  ];
  return names.length === 0 ? "" : `**Not measured here:** ${names.join("; ")}.`;
}
