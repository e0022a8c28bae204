import { simulate } from "./history.ts";

const seed = Number(process.argv[2] ?? 1);
const runs = Number(process.argv[3] ?? 1);
const began = performance.now();
let bad = 0;
let steps = 0;
for (let n = seed; n < seed + runs; n++) {
  const verdict = simulate(n, { traced: runs === 1 });
  steps += verdict.steps;
  if (runs === 1) console.log(verdict.trace!.join("\n"));
  if (verdict.violations.length > 0) {
    bad++;
    console.log(`seed ${n}:`);
    for (const violation of verdict.violations.slice(0, 4)) console.log(`  ${violation.slice(0, 600)}`);
  }
  if (runs === 1) console.log(verdict.steps, verdict.entries, verdict.fingerprint);
}
const seconds = (performance.now() - began) / 1000;
console.log(`${runs} histories, ${bad} with violations, ${steps} steps, ${(runs / seconds).toFixed(1)} a second`);
