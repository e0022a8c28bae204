import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Crowd } from "../crowd.ts";
import type { Ports } from "../lanes/lane.ts";
import type { Random } from "../random.ts";
import { token } from "../stage.ts";
import { Victim } from "../victim.ts";
import { type DiskOperation, readDiskLog, watched } from "./disk-log.ts";

/** A server's life under load as its disk saw it, and what its clients were told meanwhile. */
export type Recording = {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly directories: readonly string[];
  readonly operations: readonly { readonly operation: DiskOperation; readonly end: number }[];
  /** Its ledgers count in bytes of the log: `operations[n].end`. */
  readonly crowd: Crowd;
  /** Where the last of its users was made. */
  readonly gathered: number;
  readonly faults: readonly string[];
};

export const settingsFor = (dataDir: string) => ({
  EIDER_DATA: dataDir,
  EIDER_HTTP_TOKEN: token,
  EIDER_WORKERS: "1",
  EIDER_CPU_WORKERS: "1",
});

/** Records a server on this data directory (which may not be there yet), from its start to its end. */
export async function record(
  dataDir: string,
  random: Random,
  { milliseconds, mtas, users }: { milliseconds: number; mtas: number; users: number },
): Promise<Recording> {
  const faults: string[] = [];
  const directory = mkdtempSync(join(tmpdir(), "eider-disk-log-"));
  const log = join(directory, "log");
  try {
    const position = (): number => statSync(log).size;
    const around = { random, token, fault: (text: string) => void faults.push(text), position };
    const settings = settingsFor(dataDir);
    // On a new directory the very first start is recorded, and the making of users; else both come before.
    const fresh = !existsSync(dataDir);
    let crowd = fresh ? null : await prepared(settings, (ports) => Crowd.gather(ports, around, { mtas, users }));
    const { files, directories } = fresh
      ? { files: new Map<string, Uint8Array>(), directories: [] }
      : readTree(dataDir);
    const victim = await Victim.start(settings, (command) => watched(log, command));
    crowd ??= await Crowd.gather(victim.ports, around, { mtas, users });
    const gathered = fresh ? position() : 0;
    const burst = { over: false };
    const working = crowd.work([victim.ports], burst);
    await Bun.sleep(milliseconds);
    // Half of them end in order, which writes, too.
    const inOrder = random.chance(0.5);
    if (inOrder) burst.over = true;
    else await victim.kill();
    burst.over = true;
    await working;
    crowd.leave();
    if (inOrder) await victim.kill("SIGTERM");
    faults.push(...victim.complaints);
    return { files, directories, operations: readDiskLog(log, dataDir), crowd, gathered, faults };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepared<T>(settings: Readonly<Record<string, string>>, run: (ports: Ports) => Promise<T>): Promise<T> {
  const victim = await Victim.start(settings);
  try {
    return await run(victim.ports);
  } finally {
    await victim.kill();
  }
}

/** All files under a directory, and its directories. */
export function readTree(root: string): { files: Map<string, Uint8Array>; directories: string[] } {
  const files = new Map<string, Uint8Array>();
  const directories: string[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isDirectory()) directories.push(path);
    else if (!path.endsWith("-shm")) files.set(path, readFileSync(join(root, path)));
  }
  return { files, directories };
}
