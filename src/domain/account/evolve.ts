import type { MailboxId } from "../ids.ts";
import { type Account, emptyAccount, type Mailbox } from "./account.ts";
import { atOnce } from "./at-once.ts";
import { ChecksumSum, Hash, hashText } from "./checksum.ts";
import {
  type Chunk,
  chunkCapacity,
  hashRow,
  joinChunks,
  keepRows,
  marksToChange,
  type Row,
  sumRows,
  withMarks,
} from "./chunk.ts";
import { bringBack, depart, departWhole, forget } from "./departed-mail.ts";
import type { AccountEvent, EventOf, LogEntry } from "./events.ts";
import { flagChanger } from "./flag-changer.ts";
import { deleted as deletedFlag, keywordShift, parseFlags } from "./flags.ts";
import type { KeywordTable } from "./keyword-table.ts";
import { MailboxGrowth } from "./mailbox-growth.ts";
import { idBytes } from "./message-ids.ts";
import { stretches } from "./rows.ts";
import { bury, noTombstones } from "./tombstones.ts";
import { countUids, hasUid, runsOfSorted, type UidRuns } from "./uid-runs.ts";

/** The account after `event`, which happened in the log entry `seq`. Never refuses: what is in the log has happened. */
export function evolve(account: Account, event: AccountEvent, seq: number): Account {
  return atOnce(evolving(account, event, seq));
}

/** The same in steps of some thousand messages at most, for whoever has others to serve between them. */
export function* evolving(account: Account, event: AccountEvent, seq: number): Generator<void, Account> {
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
      return yield* deletedMailbox(account, event, seq);
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
      return yield* flagsChanged(account, event, seq);
    case "copied":
      return yield* copied(account, event, seq);
    case "moved":
      return yield* expunged(yield* copied(account, event, seq), event, seq);
    case "expunged":
      return yield* expunged(yield* departing(account, event, seq), event, seq);
    case "restored":
      return restored(account, event, seq);
    case "forgotten":
      return { ...account, departed: forget(account.departed, event.through) };
    default:
      return event satisfies never;
  }
}

/** The account after a whole entry. Whether that is the state it was appended with, its checksum tells who asks it. */
export function evolveEntry(account: Account, entry: Entry): Account {
  return atOnce(evolvingEntry(account, entry));
}

/** The same in steps of some thousand messages at most. */
export function* evolvingEntry(account: Account, entry: Entry): Generator<void, Account> {
  let next = account;
  for (const { events } of entry.transactions)
    for (const event of events) next = yield* evolving(next, event, entry.seq);
  return { ...next, seq: entry.seq };
}

type Entry = Pick<LogEntry, "seq" | "transactions">;

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

function* deletedMailbox(account: Account, event: EventOf<"mailboxDeleted">, seq: number): Generator<void, Account> {
  const mailbox = mailboxOf(account, event.mailbox);
  const sum = new ChecksumSum(account.checksum);
  sum.subtract(hashMailbox(mailbox));
  for (const chunk of mailbox.chunks) {
    yield;
    for (let at = 0; at < chunk.length; at++) sum.subtract(hashRow(mailbox.hashSeed, chunk, at, account.keywords));
  }
  const mailboxes = new Map(account.mailboxes);
  mailboxes.delete(mailbox.id);
  const paths = new Map(account.paths);
  if (paths.get(mailbox.path) === mailbox.id) paths.delete(mailbox.path);
  const departed = yield* departWhole(account.departed, mailbox, account.subscriptions.has(mailbox.path), seq);
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
  const growth = new MailboxGrowth(mailbox, keywords, sum);
  for (const row of rows) growth.add(row);
  return growth.mailbox();
}

function* flagsChanged(account: Account, event: EventOf<"flagsChanged">, seq: number): Generator<void, Account> {
  const before = mailboxOf(account, event.mailbox);
  const parsed = parseFlags(event.flags);
  if ("bad" in parsed) throw new Error(`Cannot apply an event: ${parsed.bad} is no flag`);
  const change = flagChanger(account.keywords, event.change, parsed.bits, parsed.keywords);
  // Every set is made before rows are hashed, so that the table of the result is the one hashed with.
  for (const { chunk, start, end } of stretches(before, event.uids)) {
    yield;
    for (let at = start; at < end; at++) change.apply(chunk.marks.flags[at]!);
  }
  const keywords = change.table();
  const sum = new ChecksumSum(account.checksum);
  const chunks = before.chunks.slice();
  let { unseen, deleted } = before;
  for (const { c, hits } of chunksHit(before.chunks, event.uids)) {
    yield;
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
  }
  const after = { ...before, chunks, unseen, deleted, highestModSeq: seq };
  return replaceMailbox({ ...account, keywords }, before, after, sum);
}

/** Each chunk that holds some of `uids`, once, with the indexes of their rows, ascending. */
function* chunksHit(chunks: readonly Chunk[], uids: UidRuns): Generator<{ c: number; hits: readonly number[] }> {
  let c = -1;
  let hits: number[] = [];
  for (const stretch of stretches({ chunks }, uids)) {
    if (stretch.c !== c) {
      if (hits.length > 0) yield { c, hits };
      c = stretch.c;
      hits = [];
    }
    for (let at = stretch.start; at < stretch.end; at++) hits.push(at);
  }
  if (hits.length > 0) yield { c, hits };
}

function* copied(account: Account, event: EventOf<"copied"> | EventOf<"moved">, seq: number): Generator<void, Account> {
  const from = mailboxOf(account, event.mailbox);
  const before = mailboxOf(account, event.to);
  const sum = new ChecksumSum(account.checksum);
  const growth = new MailboxGrowth({ ...before, highestModSeq: seq }, account.keywords, sum);
  let uid = event.firstUid;
  for (const { chunk, start, end } of stretches(from, event.uids)) {
    yield;
    growth.addRows(chunk, start, end, { uid, modseq: seq, created: seq, step: 0 });
    uid += end - start;
  }
  return replaceMailbox(account, before, growth.mailbox(), sum);
}

/** The messages about to be expunged, noted among those that have departed. */
function* departing(
  account: Account,
  { mailbox: id, uids }: EventOf<"expunged">,
  seq: number,
): Generator<void, Account> {
  const rows = stretches(mailboxOf(account, id), uids);
  return { ...account, departed: yield* depart(account.departed, id, rows, seq) };
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

function* expunged(
  account: Account,
  event: EventOf<"expunged"> | EventOf<"moved">,
  seq: number,
): Generator<void, Account> {
  const before = mailboxOf(account, event.mailbox);
  const sum = new ChecksumSum(account.checksum);
  const chunks: Chunk[] = [];
  const gone: number[] = [];
  let at = 0;
  for (const { c, hits } of chunksHit(before.chunks, event.uids)) {
    yield;
    while (at < c) chunks.push(before.chunks[at++]!);
    at++;
    const chunk = before.chunks[c]!;
    for (const hit of hits) {
      gone.push(chunk.fixed.uid[hit]!);
      sum.subtract(hashRow(before.hashSeed, chunk, hit, account.keywords));
    }
    if (hits.length === chunk.length) continue;
    const kept = keepRows(chunk, (row) => hasUid(event.uids, chunk.fixed.uid[row]!));
    const previous = chunks.at(-1);
    // Keeps chunks from crumbling: the small remains of one join the one before.
    if (previous && previous.length + kept.length <= chunkCapacity / 2)
      chunks[chunks.length - 1] = joinChunks(previous, kept);
    else chunks.push(kept);
  }
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
