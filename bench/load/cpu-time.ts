import { readFileSync } from "node:fs";

/** Clock ticks a second in /proc, the same on every Linux that Bun runs on. */
const ticks = 100;

/** CPU time that these processes have used, and those of their children that have ended, seconds in user and kernel mode together. */
export function cpuSeconds(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const [user, system, childrenUser, childrenSystem] = times(`/proc/${pid}/stat`);
    sum += user + system + childrenUser + childrenSystem;
  }
  return sum / ticks;
}

/** utime, stime, cutime and cstime, ticks. @see proc(5) */
function times(file: string): [number, number, number, number] {
  try {
    const stat = readFileSync(file, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [Number(fields[11]), Number(fields[12]), Number(fields[13]), Number(fields[14])];
  } catch {
    // It has ended meanwhile; its parent has its times.
    return [0, 0, 0, 0];
  }
}
