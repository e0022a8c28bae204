import { Database } from "bun:sqlite";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { SchemaName } from "./schema.ts";

/** A file of the embedded store that is not as SQLite wrote it. */
export type TornFile = { readonly file: string; readonly holds: SchemaName; readonly text: string };

const files = { truth: "eider.db", state: "state.db" } as const satisfies Record<SchemaName, string>;

/** Every page of both files, read and held against each other. No server may have the directory. */
export function checkFiles(dataDir: string): TornFile[] {
  return (["truth", "state"] as const).flatMap((holds) => {
    const file = files[holds];
    const path = join(dataDir, file);
    // A directory that no server has started on is not torn; one whose truth is gone is.
    if (!existsSync(path)) return holds === "truth" && existsSync(join(dataDir, files.state)) ? [gone(file)] : [];
    const text = damageOf(path);
    return text === null ? [] : [{ file, holds, text: `${file}: ${text}` }];
  });
}

const gone = (file: string): TornFile => ({ file, holds: "truth", text: `${file}: it is gone` });

function damageOf(path: string): string | null {
  let database: Database | null = null;
  try {
    // To be written: a log that a crash left behind must be taken in first.
    database = new Database(path, { readwrite: true });
    const rows = database.query("PRAGMA integrity_check(20)").all() as { integrity_check: string }[];
    const said = rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== "ok");
    if (said.length > 0) return said.join("; ").replaceAll("\n", " ");
    const { count } = database.query("SELECT count(*) AS count FROM sqlite_master").get() as { count: number };
    return count === 0 ? "it is empty" : null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    database?.close();
  }
}

/** Puts the state's file aside, as `state.db.damaged`: all of it is made again from the log. Answers the new name. */
export function setStateAside(dataDir: string): string {
  const path = join(dataDir, files.state);
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
  }
  return `${path}.damaged`;
}
