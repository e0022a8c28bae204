import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { report, type Taken } from "./report.ts";
import { startDovecot } from "./servers/dovecot.ts";
import { startEider } from "./servers/eider.ts";
import type { BenchServer, StartServer } from "./servers/server.ts";
import { startWildduck } from "./servers/wildduck.ts";
import type { Workload } from "./workload.ts";
import { change } from "./workloads/change.ts";
import { deliver } from "./workloads/deliver.ts";
import { fetch } from "./workloads/fetch.ts";
import { flat } from "./workloads/flat.ts";
import { idle } from "./workloads/idle.ts";
import { push } from "./workloads/push.ts";
import { pushAcross } from "./workloads/push-across.ts";
import { qresync } from "./workloads/qresync.ts";
import { roundTrips } from "./workloads/round-trips.ts";
import { select } from "./workloads/select.ts";
import { start } from "./workloads/start.ts";

const usage = `usage: bun run bench [WORKLOAD...] [--server eider|dovecot|wildduck|all]... [--rounds 3] [--label NAME]`;
const servers: Record<string, StartServer> = {
  eider: (directory) => startEider(directory),
  dovecot: startDovecot,
  wildduck: startWildduck,
};
const workloads: readonly Workload[] = [
  deliver,
  fetch,
  change,
  select,
  push,
  pushAcross,
  qresync,
  flat,
  start,
  roundTrips,
  idle,
];

const { values, positionals } = parseArgs({
  options: {
    server: { type: "string", multiple: true, default: ["eider", "dovecot"] },
    rounds: { type: "string", default: "3" },
    label: { type: "string", default: "run" },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const wanted = positionals.length === 0 ? workloads : workloads.filter(({ name }) => positionals.includes(name));
const names = values.server.includes("all") ? Object.keys(servers) : values.server;
const rounds = Number(values.rounds);
const unknown = [
  ...positionals.filter((name) => !workloads.some((workload) => workload.name === name)),
  ...names.filter((name) => !(name in servers)),
];
if (values.help || unknown.length > 0 || !(rounds >= 1)) {
  for (const name of unknown) console.error(`Unknown: ${name}`);
  console.error(
    `${usage}\nworkloads:\n${workloads.map(({ name, title }) => `  ${name.padEnd(12)}${title}`).join("\n")}`,
  );
  process.exit(values.help ? 0 : 2);
}

const directory = mkdtempSync(join(tmpdir(), "eider-bench-"));
// Servers may run as users of their own.
chmodSync(directory, 0o711);
const running: BenchServer[] = [];
const taken: Taken[] = [];
let ending = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(130));

try {
  for (const name of names) {
    const own = join(directory, name);
    mkdirSync(own);
    running.push(await servers[name]!(own));
  }
  const facts = {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    runtime: `Bun ${Bun.version}`,
    settings: running.map(({ name, settings }) => `${name}: ${settings.join("; ")}`),
  };
  for (const line of [facts.machine, facts.runtime, ...facts.settings]) console.log(line);
  for (const workload of wanted) await measure(workload);
  const file = report(facts, taken, values.label);
  console.log(`\nwritten to ${file}`);
  await end(0);
} catch (error) {
  console.error(error);
  if (process.env.BENCH_KEEP) console.error(`kept: ${directory}`);
  await end(1);
}

/** Every server in turn, never two at once; who comes first alternates. */
async function measure(workload: Workload): Promise<void> {
  const able = running.filter(({ name }) => workload.only?.includes(name) ?? true);
  if (able.length === 0) return;
  const those: Taken = { workload, values: new Map(able.map(({ name }) => [name, []])) };
  for (const server of able) await workload.prepare?.(server);
  for (let round = 0; round < (workload.rounds ?? rounds); round++) {
    for (const server of round % 2 === 0 ? able : [...able].reverse()) {
      const values = await workload.run(server, round);
      those.values.get(server.name)!.push(values);
      process.stderr.write(`${workload.name} ${round + 1} ${server.name} ${JSON.stringify(values)}\n`);
    }
  }
  taken.push(those);
  report(null, [those], values.label);
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  for (const server of running) await server.stop().catch((error: unknown) => console.error(error));
  if (!process.env.BENCH_KEEP) rmSync(directory, { recursive: true, force: true });
  process.exit(code);
}
