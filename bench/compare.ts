import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { short } from "./judgement.ts";
import { machineFacts } from "./machine.ts";
import { startEider } from "./servers/eider.ts";
import { median } from "./statistics.ts";
import { type Figure, type Scale, sizesFor, type Values, type Workload, withSizes } from "./workload.ts";
import { workloads } from "./workloads/catalogue.ts";

/**
 * Two commits beside each other: the servers are those of the commits, the workloads this tree's. Every turn is a fresh
 * process on fresh data, the order is reversed each round, and what is said is the ratio with its spread.
 */
const usage = `usage: bun bench/compare.ts A B [WORKLOAD...] [--rounds 5] [--quick]
  A, B: commits, or . for the working tree as it is; default workload: deliver`;

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [a, b, ...named] = positionals;
// Some start servers of their own, or need an engine: those are not measured here.
const own = new Set(["push-across", "failover"]);
const able = workloads.filter(({ setting, name }) => setting !== "mongodb" && !own.has(name));
const chosen = able.filter(({ name }) => (named.length === 0 ? ["deliver"] : named).includes(name));
const scale: Scale = values.quick ? "quick" : "full";
const rounds = Number(values.rounds);
if (values.help || a === undefined || b === undefined || chosen.length < Math.max(1, named.length) || !(rounds >= 1)) {
  console.error([usage, ...able.map(({ name, title }) => `  ${name.padEnd(17)}${title}`)].join("\n"));
  process.exit(values.help ? 0 : 2);
}

type Side = { readonly name: string; readonly tree: string };
const root = resolve(import.meta.dir, "..");
const directory = mkdtempSync(join(tmpdir(), "eider-compare-"));
chmodSync(directory, 0o711);
const trees: string[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}
try {
  const sides: readonly Side[] = [treeOf(a, "a"), treeOf(b, "b")];
  const { machine, runtime } = machineFacts();
  console.log(`${machine}, ${runtime}, ${scale} sizes, ${rounds} rounds, fresh processes`);
  for (const workload of chosen) await compare(workload, sides);
} finally {
  cleanUp();
}
process.exit(0);

function cleanUp(): void {
  for (const tree of trees.splice(0)) git("worktree", "remove", "--force", tree);
  rmSync(directory, { recursive: true, force: true });
}

async function compare(workload: Workload, sides: readonly Side[]): Promise<void> {
  const sizes = sizesFor(workload.sizes, scale, "usual");
  const taken = sides.map((): Values[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const data = join(directory, `${workload.name}-${round}-${index}`);
      mkdirSync(data);
      const server = await startEider(data, { tree: sides[index]!.tree });
      try {
        await workload.prepare?.({ server, round: 0, sizes });
        taken[index]!.push(await workload.run({ server, round, sizes }));
      } finally {
        await server.stop();
      }
      process.stderr.write(`${workload.name} ${round + 1} ${sides[index]!.name}\n`);
    }
  }
  console.log(`\n${withSizes(workload.title, sizes)}`);
  for (const [name, figure] of Object.entries(workload.figures)) {
    const [first, second] = taken.map((each) =>
      each.map((round) => round[name]).filter((value) => value !== undefined),
    );
    if (first!.length > 0 && second!.length > 0) console.log(`  ${said(figure, sizes, sides, first!, second!)}`);
  }
}

/** Ratios are of the turns of one round, which saw the same minute of the machine. */
function said(
  { what, unit, better }: Figure,
  sizes: Readonly<Record<string, number>>,
  [one, other]: readonly Side[],
  first: readonly number[],
  second: readonly number[],
): string {
  const ratios = first.map((value, round) => (better === "more" ? second[round]! / value : value / second[round]!));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const clear = least > 1 ? "better in every round" : most < 1 ? "worse in every round" : "no clear difference";
  // Chance alone puts all of five rounds on one side once in sixteen times; of fewer, too often.
  const verdict = rounds < 5 ? "too few rounds to say" : clear;
  const raw = (values: readonly number[]) => `${short(median(values))} ${unit} [${values.map(short).join(" ")}]`;
  return [
    withSizes(what, sizes).padEnd(46),
    `${one!.name} ${raw(first)}`,
    `${other!.name} ${raw(second)}`,
    `${other!.name} is ${short(median(ratios))} × as good (${short(least)} … ${short(most)}): ${verdict}`,
  ].join("   ");
}

/** A working tree of a commit, with this one's packages. */
function treeOf(commit: string, side: string): Side {
  if (commit === ".") return { name: "working tree", tree: root };
  const tree = join(directory, `tree-${side}`);
  git("worktree", "add", "--quiet", "--detach", tree, commit);
  trees.push(tree);
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  return { name: commit, tree };
}

function git(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["git", ...args], { cwd: root });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}
