import { difference, intersection, runsOfSorted, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { writeColumnLines } from "../column-lines.ts";
import { type Completion, command, type SessionIn } from "../command.ts";
import { type ContentWish, writeContentLines } from "../content-lines.ts";
import { writeUidSet } from "../uid-set.ts";
import type { ColumnItem } from "../wire/print/fetch-lines.ts";
import { fetchRequest, sequenceSet } from "../wire/rules.ts";
import { resolveSet } from "../wire/sequence-set.ts";
import type { FetchItem, SequenceSet } from "../wire/types.ts";

/** FETCH: anything about messages, up to all of their octets. */
export const fetch = command({
  name: "FETCH",
  rfc: ["3501 §6.4.5", "7162 §3.1.4, §3.2.6"],
  states: ["selected"],
  uid: true,
  expunges: { sequence: "hold", uid: "release" },
  args: { messages: sequenceSet, request: fetchRequest },
  async run({ args: { messages, request }, addressing }, session) {
    const { view } = session;
    const { items, changedSince, vanished } = request;
    const asked = view.resolve(messages, addressing);
    if (asked === null) return { status: "BAD", text: "FETCH: no such message" };
    if (vanished && (addressing !== "uid" || !session.qresync)) {
      return { status: "BAD", text: "FETCH: VANISHED is for UID FETCH after ENABLE QRESYNC" };
    }
    const columns = Object.fromEntries(items.filter(isColumn).map(({ kind }) => [kind, true]));
    if (addressing === "uid") columns.uid = true;
    // RFC 7162 §3.1.4.1: with CHANGEDSINCE each answer carries MODSEQ.
    if (changedSince !== undefined) columns.modseq = true;
    if (columns.modseq) session.enableCondstore();
    if (vanished) await tellVanishedEarlier(session, messages, changedSince!);
    const wishes = items.filter((item): item is ContentWish => !isColumn(item));
    if (wishes.length === 0) {
      await writeColumnLines(session, asked, columns, changedSince);
      return completion(session, asked, addressing);
    }
    const uids = changedSince === undefined ? asked : await changedOf(session, asked, changedSince);
    if (uids.length === 0) return completion(session, asked, addressing);
    const seen = wishes.some((wish) => wish.kind === "section" && !wish.peek) ? await markSeen(session, uids) : null;
    if (seen !== null && "status" in seen) return seen;
    // Flags changed by looking are part of the answer (RFC 3501 §6.4.5), as any change is told (RFC 7162 §3.1.1, §3.2.4).
    const shown = { uid: columns.uid || session.qresync, flags: true, modseq: columns.modseq || session.condstore };
    await writeContentLines(session, uids, wishes, seen?.changed ? { ...columns, ...shown } : columns);
    return completion(session, asked, addressing);
  },
});

const columnItems = new Set<string>(["uid", "flags", "modseq", "size", "internaldate"]);

function isColumn(item: FetchItem): item is FetchItem & { kind: ColumnItem } {
  return columnItems.has(item.kind);
}

function completion(session: SessionIn<"selected">, asked: UidRuns, addressing: "sequence" | "uid"): Completion {
  const text = "FETCH completed";
  // RFC 5530: NOOP would tell which; by UID the client takes what is there.
  if (addressing === "sequence" && session.view.misses(asked)) return { status: "OK", code: "EXPUNGEISSUED", text };
  return { status: "OK", text };
}

/** UIDs of the set that have gone since, before anything else is said (RFC 7162 §3.2.6). */
async function tellVanishedEarlier(session: SessionIn<"selected">, set: SequenceSet, since: number): Promise<void> {
  const { view, out } = session;
  const known = resolveSet(set, 0xffff_ffff);
  const gone = await session.read({ kind: "readVanished", mailbox: view.mailbox, since, known });
  // What the client has a sequence number for is told as gone in its turn, not as gone long ago.
  const earlier = difference(intersection(gone.uids, known), view.known);
  if (earlier.length === 0) return;
  out.ascii("* VANISHED (EARLIER) ");
  writeUidSet(out, earlier);
  out.crlf();
}

async function changedOf(session: SessionIn<"selected">, uids: UidRuns, changedSince: number): Promise<UidRuns> {
  const { mailbox } = session.view;
  const columns = await session.read({ kind: "readColumns", mailbox, uids, columns: ["modseq"], changedSince });
  return runsOfSorted(columns.uids);
}

/** Marks messages as seen, in one change and only where that is one. */
async function markSeen(session: SessionIn<"selected">, uids: UidRuns): Promise<{ changed: boolean } | Completion> {
  const { view } = session;
  if (!view.writable) return { changed: false };
  const columns = await session.read({ kind: "readColumns", mailbox: view.mailbox, uids, columns: ["flags"] });
  const unseen: number[] = [];
  columns.uids.forEach((uid, at) => {
    if ((columns.flags[at]! & seenBit) === 0) unseen.push(uid);
  });
  if (unseen.length === 0) return { changed: false };
  const outcome = await session.change({
    kind: "changeFlags",
    mailbox: { id: view.mailbox },
    uids: runsOfSorted(unseen),
    change: "add",
    flags: ["\\Seen"],
  });
  if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
  return { changed: true };
}

const seenBit = 1;
