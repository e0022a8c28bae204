import { readFileSync } from "node:fs";

/** Proportional set size of all the processes, bytes: what is shared counts once. */
export function proportionalSize(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
      sum += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

/** Garbage of the logins is collected when the server has time: waits until its size no longer falls, at most a minute. */
export async function settledSize(pids: () => readonly number[]): Promise<number> {
  let last = Number.POSITIVE_INFINITY;
  for (let at = 0; at < 12; at++) {
    await Bun.sleep(5000);
    const now = proportionalSize(pids());
    if (now > last * 0.998) return now;
    last = now;
  }
  return last;
}
