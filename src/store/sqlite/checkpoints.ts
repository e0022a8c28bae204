import type { Database } from "bun:sqlite";

type WalSize = { busy: number; log: number; checkpointed: number };

/** Pages of write-ahead log after which it is brought into the file. */
const due = 2_000;
/** Pages at which the writer stops to bring in what is left, so that the log starts over. */
const tooMany = 16_000;

/**
 * Keeps one write-ahead log small without stopping commits. Bringing pages into the file costs writes and fsyncs, so
 * `start` has another thread do it beside the commits. Under unbroken load that alone never comes to an end, for pages
 * arrive meanwhile; past `tooMany` pages the writer brings in the last few itself, right after such a run.
 */
export class Checkpoints {
  readonly #start: () => void;
  #running = false;
  #justRan = false;

  constructor(start: () => void) {
    this.#start = start;
  }

  /** To be called after each commit: costs a microsecond. */
  afterCommit(db: Database): void {
    if (this.#running) return;
    const { log, checkpointed } = walSize(db);
    if (log > tooMany && this.#justRan) {
      bringIn(db);
      this.#justRan = false;
    } else if (log - checkpointed > due) {
      this.#running = true;
      this.#start();
    }
  }

  /** The other thread has brought in what was there when it began. */
  ended(): void {
    this.#running = false;
    this.#justRan = true;
  }
}

export function walSize(db: Database): WalSize {
  return db.query("PRAGMA wal_checkpoint(NOOP)").get() as WalSize;
}

/** Brings pages into the file as far as no reader needs the old ones; waits for nobody. */
export function bringIn(db: Database): void {
  db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
}
