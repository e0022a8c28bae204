import "./engines-wanted.ts";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocument } from "./document/write-document.ts";
import { machineFacts } from "./machine.ts";
import { print } from "./print.ts";
import { profilePaths } from "./profile/profile-paths.ts";
import { type ProfiledPath, type Result, writeResults } from "./results-file.ts";
import { Runner } from "./runner.ts";
import { ownServers } from "./servers/catalogue.ts";
import { workloads } from "./workloads/catalogue.ts";

const usage = `usage: bun run bench [WORKLOAD...] [options]
  --all              every workload and the profile, beside every server that is there, and docs/performance.md from it
  --server NAME      eider, dovecot, wildduck or all; several times; default: eider and dovecot
  --quick            small sizes: whether it works, not how fast it is
  --rounds N         3, or 1 with --quick; servers take turns, who comes first alternates
  --profile          also where the time of the hot paths goes
  --note TEXT        something a reader has to know, kept with the results; several times
  --label NAME       bench/results/<date>-NAME.json instead of <date>.json
workloads:`;

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    server: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    profile: { type: "boolean", default: false },
    note: { type: "string", multiple: true, default: [] },
    label: { type: "string" },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const scale = values.quick ? "quick" : "full";
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const asked = values.server ?? (values.all ? ["all"] : ["eider", "dovecot"]);
const names = asked.includes("all") ? Object.keys(ownServers) : asked;
const chosen = positionals.length === 0 ? workloads : workloads.filter(({ name }) => positionals.includes(name));
const unknown = [
  ...positionals.filter((name) => !workloads.some((workload) => workload.name === name)),
  ...names.filter((name) => !(name in ownServers)),
];
if (values.help || unknown.length > 0 || !(rounds >= 1)) {
  for (const name of unknown) console.error(`Unknown: ${name}`);
  console.error([usage, ...workloads.map(({ name, title }) => `  ${name.padEnd(17)}${title}`)].join("\n"));
  process.exit(values.help ? 0 : 2);
}

const directory = mkdtempSync(join(tmpdir(), "eider-bench-"));
// Servers may run as users of their own.
chmodSync(directory, 0o711);
const runner = new Runner(directory, names, scale, asked.includes("all"));
const results: Result[] = [];
let profile: readonly ProfiledPath[] = [];
let ending = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end(130));

const facts = machineFacts();
console.log(`${facts.machine}\n${facts.runtime}, ${facts.commit}, ${scale} sizes, ${rounds} rounds`);
for (const workload of chosen) {
  if (ending) break;
  try {
    const taken = await runner.measure(workload, rounds);
    if (taken === null) console.log(`\n${workload.name}: none of the servers can do this`);
    print(taken ?? []);
    results.push(...(taken ?? []));
    // A run lasts long: what it has so far is there, whatever ends it.
    write();
  } catch (error) {
    failed("eider", workload.name, error);
  }
}
try {
  if (values.profile || (values.all && positionals.length === 0)) profile = await profilePaths(directory, scale);
} catch (error) {
  failed("eider", "profile", error);
}
for (const [name, lines] of Object.entries(runner.settings)) console.log(`${name}: ${lines.join("; ")}`);
for (const [name, why] of Object.entries(runner.missing)) console.log(`not measured: ${name}: ${why}`);
for (const { server, workload, why } of runner.failed) console.log(`failed: ${server}, ${workload}: ${why}`);
const file = write();
console.log(`written to ${file}`);
if (values.all && !values.quick && positionals.length === 0) {
  console.log(`written: ${writeDocument([file]).join(", ")}`);
}
await end(runner.failed.length === 0 ? 0 : 1);

/** The rest is worth having, whatever became of this. */
function failed(server: string, workload: string, error: unknown): void {
  runner.failed.push({ server, workload, why: (error as Error).message.split("\n")[0]! });
  console.error(error);
}

function write(): string {
  const { settings, missing, failed } = runner;
  const label = values.label ?? (values.all ? (values.quick ? "quick" : "") : "run");
  const profiled = profile.length > 0 ? { profile } : {};
  return writeResults({ ...facts, scale, settings, missing, failed, notes: values.note, results, ...profiled }, label);
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await runner.stop();
  if (process.env.BENCH_KEEP) console.error(`kept: ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
  process.exit(code);
}
