import type { Report } from "./siblings.ts";

/**
 * The metrics of several processes as one text in Prometheus's format: every sample once for each process, labelled
 * `process="1"`. They are not added up: `sum without (process)` does that in a query, and a counter that starts over with
 * its process would spoil a sum made here.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/ (all lines of one metric are one group)
 */
export function mergedMetrics(reports: readonly Report<"metrics">[]): string {
  const families = new Map<string, Family>();
  for (const { process, value } of reports) {
    if (value !== null) gather(value, process, families);
  }
  const lines = [
    ...own("eider_process_up", "gauge", "Whether a process of this node answers.", reports, ({ value }) =>
      value === null ? 0 : 1,
    ),
    ...own(
      "eider_process_restarts_total",
      "counter",
      "How often a process was replaced.",
      reports,
      (report) => report.restarts,
    ),
    ...[...families.values()].flatMap(({ comments, samples }) => [...comments, ...samples]),
  ];
  return `${lines.join("\n")}\n`;
}

type Family = { readonly comments: string[]; readonly samples: string[] };

function gather(text: string, process: number, families: Map<string, Family>): void {
  let current: Family = { comments: [], samples: [] };
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
    if (name === undefined) {
      if (!line.startsWith("#")) current.samples.push(labelled(line, process));
      continue;
    }
    const known = families.get(name);
    current = known ?? { comments: [], samples: [] };
    if (!known) families.set(name, current);
    if (!current.comments.includes(line)) current.comments.push(line);
  }
}

/** `name 1` → `name{process="2"} 1`; `name{a="b"} 1` → `name{process="2",a="b"} 1`. */
function labelled(sample: string, process: number): string {
  const end = sample.search(/[{ ]/);
  const name = sample.slice(0, end);
  const label = `process="${process}"`;
  if (sample[end] !== "{") return `${name}{${label}}${sample.slice(end)}`;
  const rest = sample.slice(end + 1);
  return `${name}{${label}${rest.startsWith("}") ? "" : ","}${rest}`;
}

function own(
  name: string,
  type: "gauge" | "counter",
  help: string,
  reports: readonly Report<"metrics">[],
  read: (report: Report<"metrics">) => number,
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...reports.map((report) => `${name}{process="${report.process}"} ${read(report)}`),
  ];
}
