import { type Account, findMailbox, type Mailbox } from "../../domain/account/account.ts";
import { messageIdBytes } from "../../domain/account/chunk.ts";
import { allUids, eachRow, firstUnseenUid } from "../../domain/account/rows.ts";
import { absentUids, buriedSince } from "../../domain/account/tombstones.ts";
import { intersection, runOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { Claims } from "./claims.ts";
import type {
  AccountFacts,
  AccountRequests,
  ColumnName,
  Columns,
  ColumnsQuery,
  MailboxList,
  MailboxSummary,
  OpenedMailbox,
  Refused,
  Resynced,
  ResyncQuery,
  Vanished,
} from "./requests.ts";

/** Reads that the committed state answers by itself. */

export function noSuchMailbox(path: string): Refused {
  return { ok: false, refusal: { kind: "noSuchMailbox", path } };
}

export function factsOf(account: Account): AccountFacts {
  return { ok: true, seq: account.seq, quota: account.quota, used: account.used };
}

export function listMailboxes(account: Account, claims: Claims): MailboxList {
  return {
    ok: true,
    seq: account.seq,
    quota: account.quota,
    used: account.used,
    mailboxes: [...account.mailboxes.values()].map((mailbox) => summarise(account, mailbox, claims)),
    subscriptions: [...account.subscriptions],
  };
}

function summarise(account: Account, mailbox: Mailbox, claims: Claims): MailboxSummary {
  return {
    id: mailbox.id,
    path: mailbox.path,
    specialUse: mailbox.specialUse,
    subscribed: account.subscriptions.has(mailbox.path),
    uidValidity: mailbox.uidValidity,
    uidNext: mailbox.uidNext,
    highestModSeq: mailbox.highestModSeq,
    messages: mailbox.messages,
    unseen: mailbox.unseen,
    deleted: mailbox.deleted,
    size: mailbox.size,
    recent: countAbove(mailbox, claims.of(mailbox.id)),
  };
}

function countAbove(mailbox: Mailbox, uid: number): number {
  if (uid >= mailbox.uidNext - 1) return 0;
  let count = 0;
  for (let at = mailbox.chunks.length - 1; at >= 0; at--) {
    const { fixed, length } = mailbox.chunks[at]!;
    if (fixed.uid[length - 1]! <= uid) break;
    if (fixed.uid[0]! > uid) count += length;
    else for (let row = length - 1; row >= 0 && fixed.uid[row]! > uid; row--) count++;
  }
  return count;
}

/** Claims nothing: what the answer calls recent is so until the one who asks has claimed it. */
export function openMailbox(
  account: Account,
  { mailbox: ref, resync }: AccountRequests["openMailbox"]["ask"],
  claims: Claims,
): OpenedMailbox | Refused {
  const mailbox = findMailbox(account, ref);
  if (!mailbox) return noSuchMailbox("path" in ref ? ref.path : "id" in ref ? ref.id : ref.specialUse);
  const uids = allUids(mailbox);
  const recent = intersection(uids, runOf(claims.of(mailbox.id) + 1, mailbox.uidNext - 1));
  const summary = summarise(account, mailbox, claims);
  return {
    ok: true,
    seq: account.seq,
    mailbox: summary,
    uids,
    firstUnseen: firstUnseenUid(mailbox),
    recent,
    keywords: account.keywords.names(),
    ...(resync?.uidValidity === mailbox.uidValidity && { resynced: resynced(account, mailbox, resync) }),
  };
}

function resynced(account: Account, mailbox: Mailbox, { since, known }: ResyncQuery): Resynced {
  const wanted = known ?? allUids(mailbox);
  return {
    vanished: vanishedOf(account, mailbox, since, known),
    changed: columnsOf(account, mailbox, wanted, ["flags", "modseq"], since),
  };
}

export function readColumns(account: Account, query: ColumnsQuery): Columns | Refused {
  const mailbox = account.mailboxes.get(query.mailbox);
  if (!mailbox) return noSuchMailbox(query.mailbox);
  return columnsOf(account, mailbox, query.uids, query.columns, query.changedSince);
}

function columnsOf(
  account: Account,
  mailbox: Mailbox,
  wanted: UidRuns,
  columns: readonly ColumnName[],
  since: number | undefined,
): Columns {
  let count = 0;
  eachRow(mailbox, wanted, (chunk, at) => {
    if (since === undefined || chunk.marks.modseq[at]! > since) count++;
  });
  const want = new Set(columns);
  const words = (column: "modseq" | "flags" | "size" | "date"): Uint32Array =>
    new Uint32Array(want.has(column) ? count : 0);
  const uids = new Uint32Array(count);
  const modseqs = words("modseq");
  const flags = words("flags");
  const sizes = words("size");
  const dates = words("date");
  const messages = new Uint8Array(want.has("message") ? count * messageIdBytes : 0);
  let to = 0;
  eachRow(mailbox, wanted, ({ fixed, marks }, at) => {
    if (since !== undefined && marks.modseq[at]! <= since) return;
    uids[to] = fixed.uid[at]!;
    // Writes past the end of a column that was not asked for are ignored.
    modseqs[to] = marks.modseq[at]!;
    flags[to] = marks.flags[at]!;
    sizes[to] = fixed.size[at]!;
    dates[to] = fixed.date[at]!;
    if (messages.length > 0) {
      messages.set(fixed.message.subarray(at * messageIdBytes, (at + 1) * messageIdBytes), to * messageIdBytes);
    }
    to++;
  });
  const keywordSets = want.has("flags") ? account.keywords.sets() : [];
  return { ok: true, seq: account.seq, uids, modseqs, flags, keywordSets, sizes, dates, messages };
}

export function readVanished(
  account: Account,
  { mailbox: id, since, known }: AccountRequests["readVanished"]["ask"],
): Vanished | Refused {
  const mailbox = account.mailboxes.get(id);
  return mailbox ? vanishedOf(account, mailbox, since, known) : noSuchMailbox(id);
}

function vanishedOf(account: Account, mailbox: Mailbox, since: number, known: UidRuns | undefined): Vanished {
  const buried = buriedSince(mailbox.tombstones, since);
  const uids = buried ?? absentUids(allUids(mailbox), mailbox.uidNext);
  return { ok: true, seq: account.seq, uids: known ? intersection(uids, known) : uids, exact: buried !== null };
}
