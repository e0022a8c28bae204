import { resolve } from "node:path";

/**
 * The only gate: format, lint, types, layers, generated documents, then every test (transcripts are among them). Runs
 * all of it even when something fails, and says at the end what did. `--no-tests` leaves the tests to somebody else.
 */
const steps: readonly (readonly [name: string, ...command: string[]])[] = [
  ["format and lint", "biome", "ci", "--error-on-warnings", `--colors=${process.stdout.isTTY ? "force" : "off"}`],
  ["types", "tsc", "--noEmit", "-p", "."],
  ["layers", "bun", "tools/check-layers.ts"],
  ["documents", "bun", "tools/write-docs.ts", "--check"],
  ...(process.argv.includes("--no-tests") ? [] : [["tests", "bun", "test", "--timeout", "60000"] as const]),
];

const root = resolve(import.meta.dir, "..");
const failed: string[] = [];
for (const [name, program, ...args] of steps) {
  const { exitCode } = Bun.spawnSync([resolve(root, "node_modules/.bin", program!), ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) failed.push(name);
}
console.log(failed.length === 0 ? `ok: ${steps.map(([name]) => name).join(", ")}` : `not ok: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
