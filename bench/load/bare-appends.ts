import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message } from "./messages.ts";

export type Appends = {
  /** Octets of each. */
  readonly size: number;
  /** How many are made durable together. */
  readonly group: number;
  readonly seconds?: number;
};

/** Appends a second by a loop that does nothing else: a group in one write to the end of a file, then fdatasync. */
export function bareAppends({ size, group, seconds = 2 }: Appends): number {
  return within((directory) => {
    const file = openSync(join(directory, "appended"), "a");
    const bytes = Buffer.concat(Array.from({ length: group }, (_, at) => message(at, size)));
    const rate = counted(seconds, group, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      fdatasyncSync(file);
    });
    closeSync(file);
    return rate;
  });
}

/** The same as rows of a table, a transaction for each group, with the journal and durability of the embedded store. */
export function bareSqliteAppends({ size, group, seconds = 2 }: Appends): number {
  return within((directory) => {
    const db = new Database(join(directory, "appended.db"));
    for (const pragma of ["journal_mode = WAL", "synchronous = FULL"]) db.run(`PRAGMA ${pragma}`);
    db.run("CREATE TABLE entries (id INTEGER PRIMARY KEY, account INTEGER, seq INTEGER, body BLOB)");
    db.run("CREATE UNIQUE INDEX entries_key ON entries (account, seq)");
    const insert = db.query("INSERT INTO entries (account, seq, body) VALUES (?, ?, ?)");
    const bodies = Array.from({ length: group }, (_, at) => message(at, size));
    let seq = 0;
    const rate = counted(seconds, group, () => {
      seq++;
      db.run("BEGIN IMMEDIATE");
      for (let account = 0; account < group; account++) insert.run(account, seq, bodies[account]!);
      db.run("COMMIT");
    });
    db.close();
    return rate;
  });
}

function counted(seconds: number, group: number, step: () => void): number {
  const begun = performance.now();
  let groups = 0;
  while (performance.now() - begun < seconds * 1000) {
    step();
    groups++;
  }
  return (groups * group * 1000) / (performance.now() - begun);
}

function within(run: (directory: string) => number): number {
  const directory = mkdtempSync(join(tmpdir(), "eider-bench-bare-"));
  try {
    return run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
