import type { MailboxId, MessageId } from "../ids.ts";
import type { Mailbox } from "./account.ts";
import { appendRows, type Chunk, chunkCapacity, emptyChunk, keepRows, type Row, rowAt } from "./chunk.ts";
import type { SpecialUse } from "./events.ts";
import { messagesIn } from "./message-ids.ts";
import type { Stretch } from "./rows.ts";
import { hasUid, type UidRuns } from "./uid-runs.ts";

/**
 * What was expunged from an account, or deleted with a mailbox, and can still be brought back. It is part of the state,
 * because bringing back and giving up must not both happen to a message: the log decides which came first.
 *
 * By the mailbox they were in, in the order they departed; a pair of mailbox and UID names one departure for ever.
 */
export type DepartedMail = {
  /** Departures ever: each has a number, which names it to those who cannot name a mailbox and a UID. */
  readonly count: number;
  readonly mailboxes: ReadonlyMap<MailboxId, DepartedMailbox>;
};

export type DepartedMailbox = {
  readonly mailbox: MailboxId;
  /** What it was when it was deleted; null: it is still there, and some of its messages departed. */
  readonly deleted: DeletedMailbox | null;
  /** Rows in the order of their departure: `uid`, `flags`, `size` and `date` as they were, `modseq` the seq of the departure, `created` its number. */
  readonly chunks: readonly Chunk[];
};

export type DeletedMailbox = {
  readonly path: string;
  readonly specialUse: SpecialUse | null;
  readonly subscribed: boolean;
  readonly seq: number;
};

export const noneDeparted: DepartedMail = { count: 0, mailboxes: new Map() };

/** The departed mail with `rows`, which left `mailbox` in the log entry `seq`; in steps of a chunk. */
export function depart(
  mail: DepartedMail,
  mailbox: MailboxId,
  rows: Iterable<Stretch>,
  seq: number,
): Generator<void, DepartedMail> {
  return add(mail, mailbox, rows, seq, null);
}

/** The departed mail with a whole mailbox. */
export function departWhole(
  mail: DepartedMail,
  mailbox: Mailbox,
  subscribed: boolean,
  seq: number,
): Generator<void, DepartedMail> {
  const { path, specialUse } = mailbox;
  const rows = mailbox.chunks.map((chunk, c): Stretch => ({ chunk, c, start: 0, end: chunk.length }));
  return add(mail, mailbox.id, rows, seq, { path, specialUse, subscribed, seq });
}

function* add(
  mail: DepartedMail,
  mailbox: MailboxId,
  rows: Iterable<Stretch>,
  seq: number,
  deleted: DeletedMailbox | null,
): Generator<void, DepartedMail> {
  const chunks = mail.mailboxes.get(mailbox)?.chunks.slice() ?? [];
  let { count } = mail;
  let tail = chunks.pop() ?? emptyChunk();
  for (const { chunk, start, end } of rows) {
    yield;
    for (let at = start; at < end; ) {
      if (tail.length === chunkCapacity) {
        chunks.push(tail);
        tail = emptyChunk();
      }
      const some = Math.min(end - at, chunkCapacity - tail.length);
      tail = appendRows(tail, chunk, at, at + some, { uid: null, modseq: seq, created: count + 1, step: 1 });
      count += some;
      at += some;
    }
  }
  if (tail.length > 0) chunks.push(tail);
  if (chunks.length === 0 && deleted === null) return mail;
  return { count, mailboxes: new Map(mail.mailboxes).set(mailbox, { mailbox, deleted, chunks }) };
}

/** How many departures are kept. */
export function departedCount({ mailboxes }: DepartedMail): number {
  let count = 0;
  for (const { chunks } of mailboxes.values()) for (const { length } of chunks) count += length;
  return count;
}

/** Calls `visit` for each message that departed from `mailbox`, in the order they did. */
export function eachDeparted(mail: DepartedMail, mailbox: MailboxId, visit: (chunk: Chunk, at: number) => void): void {
  for (const chunk of mail.mailboxes.get(mailbox)?.chunks ?? []) {
    for (let at = 0; at < chunk.length; at++) visit(chunk, at);
  }
}

/** The message of each departure; of one that departed several times, more than once. */
export function* departedMessages(mail: DepartedMail): Generator<MessageId> {
  for (const { chunks } of mail.mailboxes.values()) yield* messagesIn(chunks);
}

/** The rows of `uids` that departed from `mailbox`, ascending by UID, and the departed mail without them. */
export function bringBack(
  mail: DepartedMail,
  mailbox: MailboxId,
  uids: UidRuns,
): { readonly rows: readonly Row[]; readonly mail: DepartedMail } {
  const rows: Row[] = [];
  const left = withoutRows(mail, mailbox, (chunk, at) => {
    if (!hasUid(uids, chunk.fixed.uid[at]!)) return false;
    rows.push(rowAt(chunk, at));
    return true;
  });
  return { rows: rows.sort((a, b) => a.uid - b.uid), mail: left };
}

/** The departed mail without what departed in an entry up to `through`. */
export function forget(mail: DepartedMail, through: number): DepartedMail {
  let left = mail;
  for (const { mailbox, deleted } of mail.mailboxes.values()) {
    left = withoutRows(left, mailbox, (chunk, at) => chunk.marks.modseq[at]! <= through);
    // A mailbox that was empty when it was deleted has only its name to lose.
    if (deleted && deleted.seq <= through) left = withoutMailbox(left, mailbox);
  }
  return left;
}

function withoutRows(mail: DepartedMail, id: MailboxId, goes: (chunk: Chunk, at: number) => boolean): DepartedMail {
  const known = mail.mailboxes.get(id);
  if (!known || known.chunks.length === 0) return mail;
  const chunks: Chunk[] = [];
  let changed = false;
  for (const chunk of known.chunks) {
    const gone = Uint8Array.from({ length: chunk.length }, (_, at) => (goes(chunk, at) ? 1 : 0));
    const count = gone.reduce((sum, each) => sum + each, 0);
    if (count === 0) chunks.push(chunk);
    else {
      changed = true;
      if (count < chunk.length) chunks.push(keepRows(chunk, (at) => gone[at] === 1));
    }
  }
  if (!changed) return mail;
  if (chunks.length === 0) return withoutMailbox(mail, id);
  return { ...mail, mailboxes: new Map(mail.mailboxes).set(id, { ...known, chunks }) };
}

function withoutMailbox(mail: DepartedMail, mailbox: MailboxId): DepartedMail {
  const mailboxes = new Map(mail.mailboxes);
  mailboxes.delete(mailbox);
  return { ...mail, mailboxes };
}
