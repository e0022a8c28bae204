import type { MailboxId } from "../ids.ts";
import { type Account, emptyAccount, type Mailbox } from "./account.ts";
import { ChecksumSum, Hash, hashText } from "./checksum.ts";
import {
  appendRow,
  type Chunk,
  chunkCapacity,
  emptyChunk,
  hashRow,
  joinChunks,
  keepRows,
  lowerBound,
  marksToChange,
  type Row,
  rowAt,
  sumRows,
  withMarks,
} from "./chunk.ts";
import { bringBack, depart, departWhole, forget } from "./departed-mail.ts";
import type { AccountEvent, EventOf, LogEntry } from "./events.ts";
import { flagChanger } from "./flag-changer.ts";
import { deleted as deletedFlag, keywordShift, parseFlags } from "./flags.ts";
import type { KeywordTable } from "./keyword-table.ts";
import { idBytes } from "./message-ids.ts";
import { eachRow, firstChunkReaching } from "./rows.ts";
import { bury, noTombstones } from "./tombstones.ts";
import { countUids, hasUid, runsOfSorted, type UidRuns } from "./uid-runs.ts";

/** The account after `event`, which happened in the log entry `seq`. Never refuses: what is in the log has happened. */
export function evolve(account: Account, event: AccountEvent, seq: number): Account {
  switch (event.kind) {
    case "accountClosed":
      return { ...emptyAccount(account.id), seq: account.seq, closed: true };
    case "quotaSet":
      return { ...account, quota: event.bytes };
    case "mailboxCreated":
      return created(account, event, seq);
    case "mailboxRenamed":
      return changeMailbox(account, event.mailbox, (mailbox) => ({ ...mailbox, path: event.path }));
    case "mailboxDeleted":
      return deletedMailbox(account, event, seq);
    case "specialUseSet":
      return changeMailbox(account, event.mailbox, (mailbox) => ({ ...mailbox, specialUse: event.specialUse }));
    case "subscribed":
      return { ...account, subscriptions: new Set(account.subscriptions).add(event.path) };
    case "unsubscribed": {
      const subscriptions = new Set(account.subscriptions);
      subscriptions.delete(event.path);
      return { ...account, subscriptions };
    }
    case "appended":
      return appended(account, event, seq);
    case "flagsChanged":
      return flagsChanged(account, event, seq);
    case "copied":
      return copied(account, event, seq);
    case "moved":
      return expunged(copied(account, event, seq), event, seq);
    case "expunged":
      return expunged(departing(account, event, seq), event, seq);
    case "restored":
      return restored(account, event, seq);
    case "forgotten":
      return { ...account, departed: forget(account.departed, event.through) };
    default:
      return event satisfies never;
  }
}

/** The account after a whole entry. Whether that is the state it was appended with, its checksum tells who asks it. */
export function evolveEntry(account: Account, entry: Pick<LogEntry, "seq" | "transactions">): Account {
  let next = account;
  for (const { events } of entry.transactions) for (const event of events) next = evolve(next, event, entry.seq);
  return { ...next, seq: entry.seq };
}

const mailboxHash = new Hash();

/** Hash of what is true of a mailbox besides its messages. */
function hashMailbox(mailbox: Mailbox): Hash {
  return mailboxHash
    .begin(mailbox.hashSeed)
    .word(hashText(mailbox.path))
    .word(hashText(mailbox.specialUse ?? ""))
    .word(mailbox.uidValidity)
    .word(mailbox.uidNext)
    .word(mailbox.highestModSeq)
    .end();
}

function replaceMailbox(account: Account, before: Mailbox, after: Mailbox, sum: ChecksumSum): Account {
  sum.subtract(hashMailbox(before));
  sum.add(hashMailbox(after));
  const mailboxes = new Map(account.mailboxes).set(after.id, after);
  let { paths } = account;
  if (before.path !== after.path) {
    const renamed = new Map(paths);
    if (renamed.get(before.path) === before.id) renamed.delete(before.path);
    paths = renamed.set(after.path, after.id);
  }
  return {
    ...account,
    mailboxes,
    paths,
    used: account.used - before.size + after.size,
    checksum: sum.value(),
  };
}

function changeMailbox(account: Account, id: MailboxId, change: (mailbox: Mailbox) => Mailbox): Account {
  const before = mailboxOf(account, id);
  return replaceMailbox(account, before, change(before), new ChecksumSum(account.checksum));
}

function mailboxOf(account: Account, id: MailboxId): Mailbox {
  const mailbox = account.mailboxes.get(id);
  if (!mailbox) throw new Error(`Cannot apply an event to account ${account.id}: it has no mailbox ${id}`);
  return mailbox;
}

function created(account: Account, event: EventOf<"mailboxCreated">, seq: number): Account {
  const mailbox: Mailbox = {
    id: event.mailbox,
    hashSeed: hashText(event.mailbox),
    path: event.path,
    specialUse: event.specialUse,
    uidValidity: event.uidValidity,
    uidNext: 1,
    highestModSeq: seq,
    chunks: [],
    messages: 0,
    unseen: 0,
    deleted: 0,
    size: 0,
    tombstones: noTombstones,
  };
  const sum = new ChecksumSum(account.checksum);
  sum.add(hashMailbox(mailbox));
  return {
    ...account,
    mailboxes: new Map(account.mailboxes).set(mailbox.id, mailbox),
    paths: new Map(account.paths).set(mailbox.path, mailbox.id),
    lastUidValidity: Math.max(account.lastUidValidity, event.uidValidity),
    checksum: sum.value(),
  };
}

function deletedMailbox(account: Account, event: EventOf<"mailboxDeleted">, seq: number): Account {
  const mailbox = mailboxOf(account, event.mailbox);
  const sum = new ChecksumSum(account.checksum);
  sum.subtract(hashMailbox(mailbox));
  for (const chunk of mailbox.chunks) {
    for (let at = 0; at < chunk.length; at++) sum.subtract(hashRow(mailbox.hashSeed, chunk, at, account.keywords));
  }
  const mailboxes = new Map(account.mailboxes);
  mailboxes.delete(mailbox.id);
  const paths = new Map(account.paths);
  if (paths.get(mailbox.path) === mailbox.id) paths.delete(mailbox.path);
  const departed = departWhole(account.departed, mailbox, account.subscriptions.has(mailbox.path), seq);
  return { ...account, mailboxes, paths, departed, used: account.used - mailbox.size, checksum: sum.value() };
}

function appended(account: Account, event: EventOf<"appended">, seq: number): Account {
  const before = mailboxOf(account, event.mailbox);
  const { keywords, word } = flagsWord(account.keywords, event.flags);
  const row: Row = {
    uid: event.uid,
    modseq: seq,
    created: seq,
    flags: word,
    size: event.size,
    date: Math.floor(event.internalDate / 1000),
    message: idBytes(event.message),
  };
  const sum = new ChecksumSum(account.checksum);
  const after = withRows({ ...before, highestModSeq: seq }, [row], keywords, sum);
  return replaceMailbox({ ...account, keywords }, before, after, sum);
}

function flagsWord(table: KeywordTable, flags: readonly string[]): { keywords: KeywordTable; word: number } {
  const parsed = parseFlags(flags);
  if ("bad" in parsed) throw new Error(`Cannot apply an event: ${parsed.bad} is no flag`);
  const { table: keywords, index } = table.with(parsed.keywords);
  return { keywords, word: parsed.bits | (index << keywordShift) };
}

/** The mailbox with rows after its last; adds them to its counters and to the checksum. */
function withRows(mailbox: Mailbox, rows: readonly Row[], keywords: KeywordTable, sum: ChecksumSum): Mailbox {
  const chunks = mailbox.chunks.slice();
  let { messages, unseen, deleted, size } = mailbox;
  let tail: Chunk = chunks.pop() ?? emptyChunk();
  const before = { unseen: tail.unseen, deleted: tail.deleted, bytes: tail.bytes };
  const settle = (): void => {
    unseen += tail.unseen - before.unseen;
    deleted += tail.deleted - before.deleted;
    size += tail.bytes - before.bytes;
    chunks.push(tail);
  };
  for (const row of rows) {
    if (tail.length === chunkCapacity) {
      settle();
      tail = emptyChunk();
      before.unseen = 0;
      before.deleted = 0;
      before.bytes = 0;
    }
    tail = appendRow(tail, row);
    sum.add(hashRow(mailbox.hashSeed, tail, tail.length - 1, keywords));
  }
  if (tail.length > 0) settle();
  messages += rows.length;
  const last = rows.at(-1);
  const uidNext = last ? Math.max(mailbox.uidNext, last.uid + 1) : mailbox.uidNext;
  return { ...mailbox, chunks, messages, unseen, deleted, size, uidNext };
}

function flagsChanged(account: Account, event: EventOf<"flagsChanged">, seq: number): Account {
  const before = mailboxOf(account, event.mailbox);
  const parsed = parseFlags(event.flags);
  if ("bad" in parsed) throw new Error(`Cannot apply an event: ${parsed.bad} is no flag`);
  const change = flagChanger(account.keywords, event.change, parsed.bits, parsed.keywords);
  // Every set is made before rows are hashed, so that the table of the result is the one hashed with.
  eachRow(before, event.uids, (chunk, at) => void change.apply(chunk.marks.flags[at]!));
  const keywords = change.table();
  const sum = new ChecksumSum(account.checksum);
  const chunks = before.chunks.slice();
  let { unseen, deleted } = before;
  forEachChunk(before.chunks, event.uids, (c, hits) => {
    const chunk = chunks[c]!;
    const marks = marksToChange(chunk);
    for (const at of hits) {
      sum.subtract(hashRow(before.hashSeed, chunk, at, keywords));
      marks.flags[at] = change.apply(marks.flags[at]!);
      marks.modseq[at] = seq;
    }
    const changed = withMarks(chunk, marks);
    for (const at of hits) sum.add(hashRow(before.hashSeed, changed, at, keywords));
    unseen += changed.unseen - chunk.unseen;
    deleted += changed.deleted - chunk.deleted;
    chunks[c] = changed;
  });
  const after = { ...before, chunks, unseen, deleted, highestModSeq: seq };
  return replaceMailbox({ ...account, keywords }, before, after, sum);
}

/** Calls `visit` once for each chunk that holds some of `uids`, with the row indexes, ascending. */
function forEachChunk(chunks: readonly Chunk[], uids: UidRuns, visit: (c: number, hits: number[]) => void): void {
  let run = 0;
  for (
    let c = firstChunkReaching(chunks, uids[0] ?? Number.POSITIVE_INFINITY);
    c < chunks.length && run < uids.length;
    c++
  ) {
    const chunk = chunks[c]!;
    const column = chunk.fixed.uid;
    const end = column[chunk.length - 1]!;
    const hits: number[] = [];
    while (run < uids.length && uids[run]! <= end) {
      const last = uids[run + 1]!;
      for (let at = lowerBound(chunk, uids[run]!); at < chunk.length && column[at]! <= last; at++) hits.push(at);
      if (last > end) break;
      run += 2;
    }
    if (hits.length > 0) visit(c, hits);
  }
}

function copied(account: Account, event: EventOf<"copied"> | EventOf<"moved">, seq: number): Account {
  const from = mailboxOf(account, event.mailbox);
  const before = mailboxOf(account, event.to);
  const rows: Row[] = [];
  eachRow(from, event.uids, (chunk, at) => {
    rows.push({ ...rowAt(chunk, at), uid: event.firstUid + rows.length, modseq: seq, created: seq });
  });
  const sum = new ChecksumSum(account.checksum);
  const after = withRows({ ...before, highestModSeq: seq }, rows, account.keywords, sum);
  return replaceMailbox(account, before, after, sum);
}

/** The messages about to be expunged, noted among those that have departed. */
function departing(account: Account, { mailbox: id, uids }: EventOf<"expunged">, seq: number): Account {
  const rows: Row[] = [];
  eachRow(mailboxOf(account, id), uids, (chunk, at) => void rows.push(rowAt(chunk, at)));
  return { ...account, departed: depart(account.departed, id, rows, seq) };
}

function restored(account: Account, event: EventOf<"restored">, seq: number): Account {
  const before = mailboxOf(account, event.to);
  const { rows, mail } = bringBack(account.departed, event.from, event.uids);
  if (rows.length !== countUids(event.uids))
    throw new Error(`Cannot restore ${countUids(event.uids)} messages: ${rows.length} of them are kept`);
  // Who expunged them had marked them \\Deleted, and the next EXPUNGE would take them again.
  const arrivals = rows.map((row, at) => {
    return { ...row, uid: event.firstUid + at, flags: row.flags & ~deletedFlag, modseq: seq, created: seq };
  });
  const sum = new ChecksumSum(account.checksum);
  const after = withRows({ ...before, highestModSeq: seq }, arrivals, account.keywords, sum);
  return replaceMailbox({ ...account, departed: mail }, before, after, sum);
}

function expunged(account: Account, event: EventOf<"expunged"> | EventOf<"moved">, seq: number): Account {
  const before = mailboxOf(account, event.mailbox);
  const sum = new ChecksumSum(account.checksum);
  const chunks: Chunk[] = [];
  const gone: number[] = [];
  let at = 0;
  forEachChunk(before.chunks, event.uids, (c, hits) => {
    while (at < c) chunks.push(before.chunks[at++]!);
    at++;
    const chunk = before.chunks[c]!;
    for (const hit of hits) {
      gone.push(chunk.fixed.uid[hit]!);
      sum.subtract(hashRow(before.hashSeed, chunk, hit, account.keywords));
    }
    if (hits.length === chunk.length) return;
    const kept = keepRows(chunk, (row) => hasUid(event.uids, chunk.fixed.uid[row]!));
    const previous = chunks.at(-1);
    // Keeps chunks from crumbling: the small remains of one join the one before.
    if (previous && previous.length + kept.length <= chunkCapacity / 2)
      chunks[chunks.length - 1] = joinChunks(previous, kept);
    else chunks.push(kept);
  });
  while (at < before.chunks.length) chunks.push(before.chunks[at++]!);
  const runs = runsOfSorted(gone);
  const after = {
    ...before,
    ...totals(chunks),
    chunks,
    highestModSeq: seq,
    tombstones: bury(before.tombstones, runs, seq),
  };
  if (after.messages !== before.messages - countUids(runs))
    throw new Error("Cannot expunge: the counters do not add up");
  return replaceMailbox(account, before, after, sum);
}

function totals(chunks: readonly Chunk[]): Pick<Mailbox, "messages" | "unseen" | "deleted" | "size"> {
  const sums = { messages: 0, unseen: 0, deleted: 0, size: 0 };
  for (const chunk of chunks) {
    sums.messages += chunk.length;
    sums.unseen += chunk.unseen;
    sums.deleted += chunk.deleted;
    sums.size += chunk.bytes;
  }
  return sums;
}

/** The checksum worked out from nothing but the state: what the rolling one must equal. */
export function checksumFromScratch(account: Account): { low: number; high: number } {
  const sum = new ChecksumSum({ low: 0, high: 0 });
  for (const mailbox of account.mailboxes.values()) {
    sum.add(hashMailbox(mailbox));
    for (const chunk of mailbox.chunks) sumRows(mailbox.hashSeed, chunk, account.keywords, sum);
  }
  return sum.value();
}
