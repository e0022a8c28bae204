import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProfiledPath } from "../results-file.ts";
import { type StartedEider, startEider } from "../servers/eider.ts";
import type { Scale } from "../workload.ts";
import { hotFunctions } from "./hot-functions.ts";
import { type HotPath, hotPaths } from "./hot-paths.ts";
import { systemCallsDuring } from "./system-calls.ts";
import { spent, threadTimes } from "./threads.ts";

/** One worker of each kind, so that its thread can be told from the others. */
const settings = { EIDER_WORKERS: "1", EIDER_CPU_WORKERS: "1" };

/** Where the time of each hot path goes: measured three times over, for each way of looking disturbs the others. */
export async function profilePaths(directory: string, scale: Scale): Promise<ProfiledPath[]> {
  const own = join(directory, "profile");
  mkdirSync(own, { recursive: true });
  const server = await startEider(join(own, "eider"), { settings });
  const found: ProfiledPath[] = [];
  try {
    for (const path of hotPaths) {
      const profiled = await profilePath(path, server, own, scale);
      found.push({ ...profiled, hot: await sampled(path, join(own, `sampled-${found.length}`), scale) });
      process.stderr.write(`profile ${path.name} ${JSON.stringify(found.at(-1))}\n`);
    }
  } finally {
    await server.stop();
  }
  return found;
}

async function profilePath(path: HotPath, server: StartedEider, directory: string, scale: Scale) {
  const operations = path.operations[scale];
  const load = await path.open(server);
  const [pid] = server.pids() as [number];
  await load.run(operations);
  const [threads, disk, begun] = [threadTimes(pid), diskBytes(pid), performance.now()];
  await load.run(operations);
  const seconds = (performance.now() - begun) / 1000;
  const perThread = spent(threads, threadTimes(pid), operations);
  const onDisk = (diskBytes(pid) - disk) / operations;
  const followed = path.followed[scale];
  const calls = await systemCallsDuring(pid, join(directory, "strace"), () => load.run(followed));
  const payload = load.payload();
  load.close();
  const each = (count: number) => count / followed;
  return {
    path: path.name,
    operation: path.operation,
    perSecond: operations / seconds,
    cpu: perThread.reduce((sum, { user, system }) => sum + user + system, 0),
    threads: perThread,
    calls: Object.fromEntries(
      Object.entries(calls.calls)
        .sort(([, a], [, b]) => b - a)
        .map(([name, count]) => [name, each(count)]),
    ),
    bytes: {
      payload,
      received: each(calls.received),
      sent: each(calls.sent),
      read: each(calls.read),
      written: each(calls.written),
      disk: onDisk,
    },
    limits: await path.limits(payload),
  };
}

/** The same load on a server of its own that takes samples of its main thread. */
async function sampled(path: HotPath, directory: string, scale: Scale): Promise<ProfiledPath["hot"]> {
  const samples = join(directory, "samples");
  mkdirSync(samples, { recursive: true });
  const server = await startEider(join(directory, "eider"), {
    settings,
    bun: ["--cpu-prof", `--cpu-prof-dir=${samples}`],
  });
  let [begun, ended] = [0, 0];
  try {
    const load = await path.open(server);
    await load.run(path.operations[scale] / 2);
    begun = performance.now();
    await load.run(path.operations[scale]);
    ended = performance.now();
    load.close();
  } finally {
    await server.stop();
  }
  const stopped = performance.now();
  return hotFunctions(samples, stopped - begun, stopped - ended);
}

/** Octets that the process has had written to storage. @see proc(5), write_bytes */
function diskBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1] ?? 0);
}
