import type { LogEntry } from "../domain/account/events.ts";
import type { AccountId } from "../domain/ids.ts";
import { FileWriter } from "./file-writer.ts";
import { type Segment, segmentPath } from "./layout.ts";
import { writeEntry, writeHeading } from "./segment.ts";

/** A log longer than this becomes several files: what a run that is cut short has to copy again is bounded by it. */
const segmentBytes = 64 * 1024 * 1024;

/** Writes consecutive entries of one account into as many segments as they need; makes no file where there is no entry. */
export class SegmentWriter {
  readonly #root: string;
  readonly #touched: Set<string>;
  readonly #account: AccountId;
  readonly #written: Segment[] = [];
  #open: { file: FileWriter; first: number; last: number } | null = null;

  constructor(root: string, touched: Set<string>, account: AccountId) {
    this.#root = root;
    this.#touched = touched;
    this.#account = account;
  }

  write(entry: LogEntry): void {
    if (!this.#open) {
      const file = new FileWriter(this.#root, this.#touched);
      writeHeading(file, this.#account);
      this.#open = { file, first: entry.seq, last: entry.seq };
    }
    writeEntry(this.#open.file, entry);
    this.#open.last = entry.seq;
    if (this.#open.file.bytes >= segmentBytes) this.#close();
  }

  finish(): readonly Segment[] {
    this.#close();
    return this.#written;
  }

  abort(): void {
    this.#open?.file.abort();
    this.#open = null;
  }

  #close(): void {
    if (!this.#open) return;
    const { file, first, last } = this.#open;
    this.#open = null;
    this.#written.push({
      first,
      last,
      ...file.finish((sha256) => segmentPath(this.#account, { first, last, sha256 })),
    });
  }
}
