import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { simulate, type Verdict } from "./history.ts";

/**
 * `bun run simulate [--seed N] [--runs N] [--trace] [--processes N] [--until-found]`: histories from seeds N, N + 1, …
 * With `--trace`, everything that happened. Exit code 1 where any history violated what must hold.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "10000" },
    trace: { type: "boolean", default: false },
    processes: { type: "string", default: String(availableParallelism()) },
    "until-found": { type: "boolean", default: false },
    stride: { type: "string", default: "1" },
  },
});
const first = Number(values.seed);
const runs = values.trace ? 1 : Number(values.runs);
const processes = Math.min(Number(values.processes), runs);
const stride = Number(values.stride);

if (processes > 1 && stride === 1) await inProcesses();
else inThisProcess();

function inThisProcess(): void {
  const began = performance.now();
  let done = 0;
  let steps = 0;
  let violated = 0;
  for (let seed = first; seed < first + runs; seed += stride) {
    const verdict = simulate(seed, { traced: values.trace });
    done++;
    steps += verdict.steps;
    if (verdict.violations.length > 0) violated++;
    say(verdict);
    if (violated > 0 && values["until-found"]) break;
  }
  if (stride > 1) console.log(JSON.stringify({ done, steps, violated }));
  else conclude({ done, steps, violated }, performance.now() - began);
}

/** Seeds are dealt to processes in turn: what each finds is the same as in one. */
async function inProcesses(): Promise<void> {
  const began = performance.now();
  const sums = { done: 0, steps: 0, violated: 0 };
  const children = Array.from({ length: processes }, (_, n) => {
    const args = ["--seed", `${first + n}`, "--runs", `${runs - n}`, "--stride", `${processes}`];
    if (values["until-found"]) args.push("--until-found");
    return Bun.spawn([process.execPath, ...process.execArgv, import.meta.path, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  });
  await Promise.all(
    children.map(async (child) => {
      const lines = (await new Response(child.stdout).text()).trimEnd().split("\n");
      const sum = JSON.parse(lines.pop()!) as typeof sums;
      for (const line of lines) console.log(line);
      sums.done += sum.done;
      sums.steps += sum.steps;
      sums.violated += sum.violated;
    }),
  );
  conclude(sums, performance.now() - began);
}

function say({ seed, violations, trace, fingerprint }: Verdict): void {
  if (trace) console.log(trace.join("\n"), `\nfingerprint ${fingerprint.toString(16)}`);
  if (violations.length === 0) return;
  console.log(`seed ${seed}:`);
  for (const violation of violations.slice(0, 5)) console.log(`  ${violation.slice(0, 500)}`);
  if (violations.length > 5) console.log(`  and ${violations.length - 5} more`);
}

function conclude({ done, steps, violated }: { done: number; steps: number; violated: number }, ms: number): void {
  const rate = (done / ms) * 1000;
  console.log(
    `${done} histories, ${steps} steps, ${rate.toFixed(0)} histories a second: ${violated === 0 ? "nothing was violated" : `${violated} violate what must hold`}`,
  );
  process.exitCode = violated === 0 ? 0 : 1;
}
