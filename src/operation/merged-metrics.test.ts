import { expect, test } from "bun:test";
import { mergedMetrics } from "./merged-metrics.ts";
import { PrometheusMetrics } from "./metrics.ts";

test("samples of every process stand together under one heading, labelled by process", () => {
  const text = (count: number) =>
    [
      "# HELP a Some.",
      "# TYPE a counter",
      `a ${count}`,
      "# HELP b B{ } c.",
      "# TYPE b gauge",
      `b{x="{y} z"} ${count}`,
      "",
    ].join("\n");
  expect(
    mergedMetrics([
      { process: 1, restarts: 0, value: text(3) },
      { process: 2, restarts: 4, value: text(5) },
      { process: 3, restarts: 0, value: null },
    ]),
  ).toBe(`# HELP eider_process_up Whether a process of this node answers.
# TYPE eider_process_up gauge
eider_process_up{process="1"} 1
eider_process_up{process="2"} 1
eider_process_up{process="3"} 0
# HELP eider_process_restarts_total How often a process was replaced.
# TYPE eider_process_restarts_total counter
eider_process_restarts_total{process="1"} 0
eider_process_restarts_total{process="2"} 4
eider_process_restarts_total{process="3"} 0
# HELP a Some.
# TYPE a counter
a{process="1"} 3
a{process="2"} 5
# HELP b B{ } c.
# TYPE b gauge
b{process="1",x="{y} z"} 3
b{process="2",x="{y} z"} 5
`);
});

test("what the server exposes comes through: every sample once for each process, every family in one piece", async () => {
  const processes = [1, 2].map((process) => {
    const metrics = new PrometheusMetrics("1.0.0");
    metrics.connected("imap");
    for (let n = 0; n < process; n++) metrics.command("imap", "SELECT", "ok", 0.01);
    return metrics;
  });
  const texts = await Promise.all(processes.map((metrics) => metrics.expose()));
  const merged = mergedMetrics(texts.map((value, at) => ({ process: at + 1, restarts: 0, value })));
  const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(samples(merged)).toHaveLength(4 + texts.reduce((sum, text) => sum + samples(text).length, 0));
  expect(merged).toContain('wildduck_active_sessions_total{process="2",protocol="imap"} 1');
  expect(merged).toContain('eider_commands_total{process="2",protocol="imap",command="SELECT",result="ok"} 2');
  const families = [...merged.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(families).size).toBe(families.length);
  let family = "";
  for (const line of merged.split("\n").filter((each) => each !== "")) {
    family = /^# HELP (\S+)/.exec(line)?.[1] ?? family;
    expect(line.replace(/^# \w+ /, "")).toStartWith(family);
  }
});
