import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { eventually } from "../eventually.ts";
import { type Cluster, token } from "./cluster.ts";
import { freePorts } from "./free-port.ts";

/** `eider start` with several processes on the same ports. */
export type FrontEnd = {
  readonly imap: number;
  readonly lmtp: number;
  readonly pid: number;
  /** Answers of GET, with the root token, on a connection of its own. */
  get(path: string): Promise<Response>;
  health(): Promise<Health>;
  /** The processes that answer, as soon as there are `count`, none of which is in `not`. */
  processes(count: number, not?: readonly number[]): Promise<number[]>;
  signal(signal: NodeJS.Signals): void;
  /** Exit code, all of standard output and of standard error. */
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Ends whatever is left of it, and removes its files. */
  remove(): Promise<void>;
};
export type Health = {
  status: string;
  node: string;
  connections: Record<string, number>;
  notes: string[];
  processes: { process: number; restarts: number; status: string; node: string | null }[];
};

const main = resolve(import.meta.dir, "../../src/cli/main.ts");

export async function startFrontEnd(
  cluster: Cluster,
  processes: number,
  more: Readonly<Record<string, string>> = {},
): Promise<FrontEnd> {
  const cwd = mkdtempSync(join(tmpdir(), "eider-processes-"));
  const ports = await freePorts();
  const child = Bun.spawn([process.execPath, main, "start"], {
    cwd,
    env: { ...process.env, ...cluster.settings, ...ports, EIDER_PROCESSES: String(processes), ...more },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const ended = child.exited.then(async () => {
    const [out, err] = await output;
    return { code: child.exitCode, out, err };
  });
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${ports.EIDER_HTTP_PORT}${path}`, {
      headers: { "x-access-token": token, connection: "close" },
      signal: AbortSignal.timeout(10_000),
    });
  const health = async () => (await (await get("/health/details")).json()) as Health;
  const seen = new Set<number>();
  return {
    imap: Number(ports.EIDER_IMAP_PORT),
    lmtp: Number(ports.EIDER_LMTP_PORT),
    pid: child.pid,
    get,
    health,
    processes: (count, not = []) =>
      eventually(`${count} processes answer`, async () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${(await ended).err}`);
        const nodes = (await health()).processes.flatMap(({ node }) => (node ? [Number(node.split(":").at(-1))] : []));
        for (const pid of nodes) seen.add(pid);
        return nodes.length === count && !nodes.some((pid) => not.includes(pid)) && nodes;
      }),
    signal: (signal) => child.kill(signal),
    ended,
    async remove() {
      for (const pid of [child.pid, ...seen]) if (isAlive(pid)) process.kill(pid, "SIGKILL");
      await child.exited;
      rmSync(cwd, { recursive: true });
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
