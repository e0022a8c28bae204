import { readdirSync, readFileSync } from "node:fs";
import type { ProfiledPath } from "../results-file.ts";

/** CPU time of one thread so far, clock ticks of 10 ms. */
export type ThreadTimes = { readonly name: string; readonly user: number; readonly system: number };

/**
 * Every thread of the server by its id. Workers all have one name in the kernel; they are told apart by the order in which
 * the server starts them, which is why it runs with one worker of each kind here.
 */
export function threadTimes(pid: number): Map<string, ThreadTimes> {
  const found = new Map<string, ThreadTimes>();
  let workers = 0;
  const ids = readdirSync(`/proc/${pid}/task`).sort((a, b) => Number(a) - Number(b));
  for (const id of ids) {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const kernelName = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const name = kernelName === "Worker" ? (workerNames[workers++] ?? "another worker") : nameOf(kernelName, id, pid);
    found.set(id, { name, user: Number(fields[11]), system: Number(fields[12]) });
  }
  return found;
}

const workerNames = ["log writer", "state writer", "CPU worker", "accounts"];

function nameOf(kernelName: string, id: string, pid: number): string {
  if (id === `${pid}`) return "sockets and sessions (main thread)";
  return /JIT/.test(kernelName) ? "compiler" : "runtime (garbage collection, pools)";
}

/** What each spent in between, µs for each operation, those that did nothing left out. */
export function spent(
  before: ReadonlyMap<string, ThreadTimes>,
  after: ReadonlyMap<string, ThreadTimes>,
  operations: number,
): ProfiledPath["threads"] {
  const sums = new Map<string, { user: number; system: number }>();
  for (const [id, { name, user, system }] of after) {
    const sum = sums.get(name) ?? { user: 0, system: 0 };
    sum.user += user - (before.get(id)?.user ?? 0);
    sum.system += system - (before.get(id)?.system ?? 0);
    sums.set(name, sum);
  }
  const each = (ticks: number) => (ticks * 10_000) / operations;
  return [...sums]
    .map(([name, { user, system }]) => ({ name, user: each(user), system: each(system) }))
    .filter(({ user, system }) => user + system > 0)
    .sort((a, b) => b.user + b.system - a.user - a.system);
}
