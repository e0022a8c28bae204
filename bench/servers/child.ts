import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Ends a process that we started, by its id: first asked, after `patience` milliseconds forced. */
export async function endProcess(pid: number, patience = 15_000): Promise<void> {
  if (!signal(pid, "SIGTERM")) return;
  for (const until = performance.now() + patience; performance.now() < until; await Bun.sleep(20))
    if (!signal(pid, 0)) return;
  signal(pid, "SIGKILL");
}

function signal(pid: number, what: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, what);
    return true;
  } catch {
    return false;
  }
}

/** The process and all its descendants. */
export function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

/** Runs a program to its end; its output, or an error that quotes it. */
export async function run(command: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = Bun.spawn([...command], { env: { ...process.env, ...env }, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed: ${err || out}`);
  return out;
}

/** Like `run`, for scripts that leave daemons behind: those would hold a pipe open, so the output goes to a file. */
export async function runScript(command: readonly string[], env: Record<string, string>, directory: string) {
  const log = join(directory, "script.log");
  const file = openSync(log, "w");
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: file,
    stderr: file,
  });
  const code = await child.exited;
  closeSync(file);
  const text = readFileSync(log, "utf8");
  if (code !== 0) throw new Error(`${command.join(" ")} failed: ${text}`);
  return text;
}

/** Resolves when something listens there. */
export async function listening(port: number, patience = 30_000): Promise<void> {
  for (const until = performance.now() + patience; performance.now() < until; await Bun.sleep(5)) {
    if (await answers(port)) return;
  }
  throw new Error(`Cannot reach port ${port}: nothing listens after ${patience / 1000} s`);
}

export async function answers(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/**
 * A port that is free now, below those that the system gives to outgoing connections: one that connects to such a port
 * while its server is down can be given that very port, and is then connected to itself.
 */
export function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // Taken: try another.
    }
  }
}
