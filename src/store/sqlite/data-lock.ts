import { Database } from "bun:sqlite";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another process uses the data directory, or this one already does. */
export class DataDirectoryInUse extends Error {
  override readonly name = "DataDirectoryInUse";
}

/**
 * Keeps every other server out of `dataDir` until `release` is called or the process ends, however it ends: the lock is
 * SQLite's exclusive one on `lock.db`, which the kernel drops with the process. `lock` holds the process id, for people.
 */
export function lockDataDirectory(dataDir: string): { release(): void } {
  const lock = new Database(join(dataDir, "lock.db"), { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 0");
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw new DataDirectoryInUse(`Cannot open ${dataDir}: ${holder(dataDir)} uses it`, { cause });
  }
  writeFileSync(join(dataDir, "lock"), `${process.pid}\n`);
  return {
    release() {
      writeFileSync(join(dataDir, "lock"), "");
      lock.run("ROLLBACK");
      lock.close();
    },
  };
}

function holder(dataDir: string): string {
  try {
    const pid = readFileSync(join(dataDir, "lock"), "utf8").trim();
    return pid ? `process ${pid}` : "another process";
  } catch {
    return "another process";
  }
}
