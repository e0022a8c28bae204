import { type ChecksumSum, Hash } from "./checksum.ts";
import { deleted, keywordShift, seen, systemMask } from "./flags.ts";
import type { KeywordTable } from "./keyword-table.ts";

/**
 * Up to 1,024 messages of one mailbox, ascending by UID, in columns of typed arrays: 36 bytes a message.
 *
 * A chunk is a value: rows below its `length` never change. Two chunks may share arrays, because a row is only ever
 * written at the end of what anybody has filled; whoever finds the next row taken copies first. So a delivery copies
 * nothing, and a flag change copies two columns of one chunk.
 */
export type Chunk = {
  readonly length: number;
  readonly fixed: FixedColumns;
  readonly marks: MarkColumns;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of the sizes. */
  readonly bytes: number;
};

/** What never changes about a message in its mailbox. */
export type FixedColumns = {
  filled: number;
  readonly uid: Uint32Array;
  /** Mod-sequence of the message's arrival in this mailbox. */
  readonly created: Uint32Array;
  readonly size: Uint32Array;
  /** Internal date, seconds since 1970. */
  readonly date: Uint32Array;
  /** 12 bytes a row. */
  readonly message: Uint8Array;
};

/** What changes. */
export type MarkColumns = { filled: number; readonly modseq: Uint32Array; readonly flags: Uint32Array };

export type Row = {
  readonly uid: number;
  readonly modseq: number;
  readonly created: number;
  readonly flags: number;
  readonly size: number;
  readonly date: number;
  /** 12 bytes. */
  readonly message: Uint8Array;
};

export const chunkCapacity = 1024;
export const bytesPerRow = 36;
export const messageIdBytes = 12;

function newFixed(capacity: number): FixedColumns {
  return {
    filled: 0,
    uid: new Uint32Array(capacity),
    created: new Uint32Array(capacity),
    size: new Uint32Array(capacity),
    date: new Uint32Array(capacity),
    message: new Uint8Array(capacity * messageIdBytes),
  };
}

function newMarks(capacity: number): MarkColumns {
  return { filled: 0, modseq: new Uint32Array(capacity), flags: new Uint32Array(capacity) };
}

function copyFixed(from: FixedColumns, length: number, capacity: number): FixedColumns {
  const to = newFixed(capacity);
  to.uid.set(from.uid.subarray(0, length));
  to.created.set(from.created.subarray(0, length));
  to.size.set(from.size.subarray(0, length));
  to.date.set(from.date.subarray(0, length));
  to.message.set(from.message.subarray(0, length * messageIdBytes));
  to.filled = length;
  return to;
}

function copyMarks(from: MarkColumns, length: number, capacity: number): MarkColumns {
  const to = newMarks(capacity);
  to.modseq.set(from.modseq.subarray(0, length));
  to.flags.set(from.flags.subarray(0, length));
  to.filled = length;
  return to;
}

/** An empty chunk with room for `capacity` rows to begin with. */
export function emptyChunk(capacity = 16): Chunk {
  return { length: 0, fixed: newFixed(capacity), marks: newMarks(capacity), unseen: 0, deleted: 0, bytes: 0 };
}

/** The chunk with `row` after its last. The caller sees to it that UIDs ascend and that there is room (chunkCapacity). */
export function appendRow(chunk: Chunk, row: Row): Chunk {
  const at = chunk.length;
  let { fixed, marks } = chunk;
  const full = at === fixed.uid.length;
  const capacity = full ? Math.min(chunkCapacity, Math.max(16, at * 4)) : fixed.uid.length;
  if (full || fixed.filled !== at) fixed = copyFixed(fixed, at, capacity);
  if (marks.flags.length !== capacity || marks.filled !== at) marks = copyMarks(marks, at, capacity);
  fixed.uid[at] = row.uid;
  fixed.created[at] = row.created;
  fixed.size[at] = row.size;
  fixed.date[at] = row.date;
  fixed.message.set(row.message, at * messageIdBytes);
  fixed.filled = at + 1;
  marks.modseq[at] = row.modseq;
  marks.flags[at] = row.flags;
  marks.filled = at + 1;
  return {
    length: at + 1,
    fixed,
    marks,
    unseen: chunk.unseen + (row.flags & seen ? 0 : 1),
    deleted: chunk.deleted + (row.flags & deleted ? 1 : 0),
    bytes: chunk.bytes + row.size,
  };
}

/** What rows are given where they arrive; the rest stays as it is. */
export type Arrival = {
  /** UID of the first, the others follow; null: each keeps its own. */
  readonly uid: number | null;
  readonly modseq: number;
  /** `created` of the first, and how much it grows from one to the next. */
  readonly created: number;
  readonly step: 0 | 1;
};

/** The chunk with rows `start` to `end` of another behind its last. The caller sees to it that UIDs ascend and that there is room. */
export function appendRows(chunk: Chunk, from: Chunk, start: number, end: number, arrival: Arrival): Chunk {
  const at = chunk.length;
  const count = end - start;
  let { fixed, marks } = chunk;
  const needed = at + count;
  const capacity = needed > fixed.uid.length ? Math.min(chunkCapacity, Math.max(16, needed, at * 4)) : fixed.uid.length;
  if (capacity !== fixed.uid.length || fixed.filled !== at) fixed = copyFixed(fixed, at, capacity);
  if (marks.flags.length !== capacity || marks.filled !== at) marks = copyMarks(marks, at, capacity);
  const { uid, modseq, created, step } = arrival;
  if (uid === null) fixed.uid.set(from.fixed.uid.subarray(start, end), at);
  else for (let n = 0; n < count; n++) fixed.uid[at + n] = uid + n;
  if (step === 0) fixed.created.fill(created, at, needed);
  else for (let n = 0; n < count; n++) fixed.created[at + n] = created + n;
  fixed.size.set(from.fixed.size.subarray(start, end), at);
  fixed.date.set(from.fixed.date.subarray(start, end), at);
  fixed.message.set(from.fixed.message.subarray(start * messageIdBytes, end * messageIdBytes), at * messageIdBytes);
  marks.modseq.fill(modseq, at, needed);
  marks.flags.set(from.marks.flags.subarray(start, end), at);
  fixed.filled = needed;
  marks.filled = needed;
  let { unseen, deleted: deletedCount, bytes } = chunk;
  for (let n = at; n < needed; n++) {
    const flags = marks.flags[n]!;
    if (!(flags & seen)) unseen++;
    if (flags & deleted) deletedCount++;
    bytes += fixed.size[n]!;
  }
  return { length: needed, fixed, marks, unseen, deleted: deletedCount, bytes };
}

/** The row at `at`; its `message` is a view into the column. */
export function rowAt(chunk: Chunk, at: number): Row {
  const { fixed, marks } = chunk;
  return {
    uid: fixed.uid[at]!,
    modseq: marks.modseq[at]!,
    created: fixed.created[at]!,
    flags: marks.flags[at]!,
    size: fixed.size[at]!,
    date: fixed.date[at]!,
    message: fixed.message.subarray(at * messageIdBytes, (at + 1) * messageIdBytes),
  };
}

/** A copy of the mark columns, to be written to by the one who asked and then sealed by `withMarks`. */
export function marksToChange(chunk: Chunk): MarkColumns {
  return copyMarks(chunk.marks, chunk.length, chunk.marks.flags.length);
}

export function withMarks(chunk: Chunk, marks: MarkColumns): Chunk {
  let unseenCount = 0;
  let deletedCount = 0;
  for (let at = 0; at < chunk.length; at++) {
    const flags = marks.flags[at]!;
    if (!(flags & seen)) unseenCount++;
    if (flags & deleted) deletedCount++;
  }
  return { ...chunk, marks, unseen: unseenCount, deleted: deletedCount };
}

/** The chunk without the rows for which `gone` holds; rows of `after`, if given, follow. */
export function keepRows(chunk: Chunk, gone: (at: number) => boolean): Chunk {
  let kept = emptyChunk(Math.max(16, chunk.length));
  for (let at = 0; at < chunk.length; at++) if (!gone(at)) kept = appendRow(kept, rowAt(chunk, at));
  return kept;
}

/** Both chunks' rows in one; the caller has checked that they fit. */
export function joinChunks(a: Chunk, b: Chunk): Chunk {
  let joined = a;
  for (let at = 0; at < b.length; at++) joined = appendRow(joined, rowAt(b, at));
  return joined;
}

/** Index of the first row whose UID is `uid` or above; `length` where there is none. */
export function lowerBound(chunk: Chunk, uid: number): number {
  const column = chunk.fixed.uid;
  let low = 0;
  let high = chunk.length;
  // Most chunks are one unbroken run of UIDs.
  const guess = uid - (column[0] ?? 0);
  if (guess >= 0 && guess < high && column[guess] === uid) return guess;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

const hash = new Hash();

/** Hash of everything that is true of the message at `at`; `keywords` makes it independent of table indexes. */
export function hashRow(seed: number, chunk: Chunk, at: number, keywords: KeywordTable): Hash {
  const { fixed, marks } = chunk;
  const flags = marks.flags[at]!;
  hash
    .begin(seed)
    .word(fixed.uid[at]!)
    .word(marks.modseq[at]!)
    .word(fixed.created[at]!)
    .word(flags & systemMask)
    .word(keywords.hash(flags >>> keywordShift))
    .word(fixed.size[at]!)
    .word(fixed.date[at]!);
  const id = at * messageIdBytes;
  const bytes = fixed.message;
  for (let word = id; word < id + messageIdBytes; word += 4) {
    hash.word((bytes[word]! << 24) | (bytes[word + 1]! << 16) | (bytes[word + 2]! << 8) | bytes[word + 3]!);
  }
  return hash.end();
}

/** Adds or subtracts all rows of a chunk. */
export function sumRows(seed: number, chunk: Chunk, keywords: KeywordTable, sum: ChecksumSum): void {
  for (let at = 0; at < chunk.length; at++) sum.add(hashRow(seed, chunk, at, keywords));
}
