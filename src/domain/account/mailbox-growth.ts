import type { Mailbox } from "./account.ts";
import type { ChecksumSum } from "./checksum.ts";
import {
  type Arrival,
  appendRow,
  appendRows,
  type Chunk,
  chunkCapacity,
  emptyChunk,
  hashRow,
  type Row,
} from "./chunk.ts";
import type { KeywordTable } from "./keyword-table.ts";

/** A mailbox as rows come behind its last: counts them, and adds them to the checksum. */
export class MailboxGrowth {
  readonly #before: Mailbox;
  readonly #keywords: KeywordTable;
  readonly #sum: ChecksumSum;
  readonly #chunks: Chunk[];
  #tail: Chunk;
  /** The tail as it was when it became that: what it holds already is counted. */
  #counted: Chunk;
  #unseen: number;
  #deleted: number;
  #size: number;
  #added = 0;
  #uidNext: number;

  constructor(mailbox: Mailbox, keywords: KeywordTable, sum: ChecksumSum) {
    this.#before = mailbox;
    this.#keywords = keywords;
    this.#sum = sum;
    this.#chunks = mailbox.chunks.slice();
    this.#tail = this.#chunks.pop() ?? emptyChunk();
    this.#counted = this.#tail;
    this.#unseen = mailbox.unseen;
    this.#deleted = mailbox.deleted;
    this.#size = mailbox.size;
    this.#uidNext = mailbox.uidNext;
  }

  add(row: Row): void {
    if (this.#tail.length === chunkCapacity) this.#settle();
    this.#tail = appendRow(this.#tail, row);
    this.#hash(1, row.uid);
  }

  /** Rows of another chunk, as `arrival` says, its `uid` and `created` meant for the first of them. */
  addRows(chunk: Chunk, start: number, end: number, arrival: Arrival & { readonly uid: number }): void {
    for (let at = start; at < end; ) {
      if (this.#tail.length === chunkCapacity) this.#settle();
      const count = Math.min(end - at, chunkCapacity - this.#tail.length);
      const gone = at - start;
      const { uid, created, step } = arrival;
      const shifted = { ...arrival, uid: uid + gone, created: created + step * gone };
      this.#tail = appendRows(this.#tail, chunk, at, at + count, shifted);
      this.#hash(count, shifted.uid + count - 1);
      at += count;
    }
  }

  #hash(count: number, lastUid: number): void {
    const { length } = this.#tail;
    for (let at = length - count; at < length; at++) {
      this.#sum.add(hashRow(this.#before.hashSeed, this.#tail, at, this.#keywords));
    }
    this.#added += count;
    this.#uidNext = Math.max(this.#uidNext, lastUid + 1);
  }

  #settle(): void {
    this.#unseen += this.#tail.unseen - this.#counted.unseen;
    this.#deleted += this.#tail.deleted - this.#counted.deleted;
    this.#size += this.#tail.bytes - this.#counted.bytes;
    this.#chunks.push(this.#tail);
    this.#tail = emptyChunk();
    this.#counted = this.#tail;
  }

  /** The mailbox with all that was added. To be called once. */
  mailbox(): Mailbox {
    if (this.#tail.length > 0) this.#settle();
    return {
      ...this.#before,
      chunks: this.#chunks,
      messages: this.#before.messages + this.#added,
      unseen: this.#unseen,
      deleted: this.#deleted,
      size: this.#size,
      uidNext: this.#uidNext,
    };
  }
}
