import type { Resynced, ResyncQuery } from "../../actors/account/requests.ts";
import { intersection, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { Completion, SessionIn } from "./command.ts";
import { tellKeywords, writeFlags } from "./tell-news.ts";
import { writeUidSet } from "./uid-set.ts";
import { View } from "./view.ts";
import { writeFetchLines } from "./wire/print/fetch-lines.ts";
import type { SelectRequest } from "./wire/types.ts";

/**
 * SELECT and EXAMINE: opens a mailbox and tells the client what it is (RFC 3501 §6.3.1, §6.3.2; RFC 7162 §3.1.2,
 * §3.2.5). Whatever the outcome, the mailbox that was selected before no longer is.
 */
export async function openMailbox(
  session: SessionIn<"authenticated" | "selected">,
  request: SelectRequest,
  writable: boolean,
): Promise<Completion> {
  const { out } = session;
  const { qresync } = request;
  if (qresync && !session.qresync) return { status: "BAD", text: "QRESYNC is not enabled" };
  if (session.view !== null) {
    session.deselect();
    out.ascii("* OK [CLOSED] Previous mailbox is closed").crlf();
  }
  if (request.condstore) session.enableCondstore();
  if ("why" in request.mailbox)
    return { status: "NO", refusal: { kind: "badMailboxName", path: "", ...request.mailbox } };
  // Heard from before it is opened, so that nothing falls between.
  session.watch();
  const opened = await session.ask({
    kind: "openMailbox",
    mailbox: request.mailbox,
    claimRecent: writable,
    ...(qresync && { resync: resyncOf(qresync) }),
  });
  if (!opened.ok) {
    session.deselect();
    return { status: "NO", refusal: opened.refusal };
  }
  if (!session.alive) {
    session.deselect();
    return { status: "NO", text: "Connection is gone" };
  }
  const view = new View(opened, writable);
  session.select(view);
  writeFlags(out, view);
  out.ascii(`* ${view.count} EXISTS\r\n* ${countRecent(view)} RECENT\r\n`);
  const { mailbox, firstUnseen } = opened;
  if (firstUnseen !== null) out.ascii(`* OK [UNSEEN ${view.walk().to(firstUnseen)}] First unseen message`).crlf();
  out.ascii(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs are valid`).crlf();
  out.ascii(`* OK [UIDNEXT ${mailbox.uidNext}] Next UID`).crlf();
  out.ascii(`* OK [HIGHESTMODSEQ ${mailbox.highestModSeq}] Highest mod-sequence`).crlf();
  if (qresync && opened.resynced) tellResynced(session, view, opened.resynced, qresync);
  const code = writable ? "READ-WRITE" : "READ-ONLY";
  return { status: "OK", code, text: writable ? "Selected" : "Examined" };
}

function countRecent({ recent }: View): number {
  let count = 0;
  for (let at = 0; at < recent.length; at += 2) count += recent[at + 1]! - recent[at]! + 1;
  return count;
}

type Qresync = NonNullable<SelectRequest["qresync"]>;

function resyncOf({ uidValidity, modSeq, known }: Qresync): ResyncQuery {
  return { uidValidity, since: modSeq, ...(known && { known }) };
}

/** What has gone and what has changed since the client was here (RFC 7162 §3.2.5.1, §3.2.5.2). */
function tellResynced(
  session: SessionIn<"authenticated" | "selected">,
  view: View,
  { vanished: { uids, exact }, changed }: Resynced,
  { match }: Qresync,
): void {
  const { out } = session;
  // Where it is not known when messages went, the client's own numbers say which it cannot have any more to ask about.
  const gone = !exact && match !== undefined ? above(uids, lastMatch(view, match)) : uids;
  if (gone.length > 0) {
    out.ascii("* VANISHED (EARLIER) ");
    writeUidSet(out, gone);
    out.crlf();
  }
  tellKeywords(session, view, changed.keywordSets);
  writeFetchLines(out, changed, { uid: true, flags: true, modseq: true }, view.walk(), view.recent);
}

/** The highest UID of the client's pairs that has its sequence number still: up to there nothing has gone. */
export function lastMatch(
  { known }: Pick<View, "known">,
  { sequences, uids }: { sequences: UidRuns; uids: UidRuns },
): number {
  let last = 0;
  /** Of the known UIDs: the run at hand, and how many there are before it. */
  let run = 0;
  let before = 0;
  let at = 0;
  let pair = 0;
  let sequence = sequences[0] ?? 0;
  let uid = uids[0] ?? 0;
  while (at < sequences.length && run < known.length) {
    const length = known[run + 1]! - known[run]! + 1;
    if (sequence > before + length) {
      before += length;
      run += 2;
      continue;
    }
    if (known[run]! + sequence - before - 1 !== uid) return last;
    // Both go on side by side up to the end of the first run that ends.
    const more = Math.min(sequences[at + 1]! - sequence, uids[pair + 1]! - uid, before + length - sequence);
    last = uid + more;
    sequence += more + 1;
    uid += more + 1;
    if (sequence > sequences[at + 1]!) {
      at += 2;
      sequence = sequences[at] ?? 0;
    }
    if (uid > uids[pair + 1]!) {
      pair += 2;
      uid = uids[pair] ?? 0;
    }
  }
  return last;
}

function above(uids: UidRuns, floor: number): UidRuns {
  return intersection(uids, [floor + 1, 0xffff_ffff]);
}
