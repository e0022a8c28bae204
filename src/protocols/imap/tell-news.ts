import type { Columns } from "../../actors/account/requests.ts";
import { countUids, noUids, runOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { Expunges } from "./command.ts";
import { resync } from "./resync.ts";
import type { Session } from "./session.ts";
import { writeUidSet } from "./uid-set.ts";
import type { View } from "./view.ts";
import { writeFetchLines } from "./wire/print/fetch-lines.ts";

/**
 * Tells the client what has happened to the selected mailbox since it was told last: gone, arrived, changed, in that
 * order. `hold`: sequence numbers must stay as they are for now (RFC 3501 §7.4.1), so nothing is said to be gone.
 * `catchUp`: first makes sure that what other nodes have done is known.
 */
export async function tellNews(session: Session, expunges: Expunges, catchUp = false): Promise<void> {
  const { view } = session;
  if (view === null || view.gone) return;
  if (catchUp) await session.read({ kind: "catchUp" });
  if (view.behind) await resync(session, view);
  tellKeywords(session, view, []);
  if (!view.news) return;
  const arrived = view.arrivedUpTo;
  const recent = arrived > 0 ? await claimRecent(session, view, arrived) : noUids;
  const changed = view.takeChanged();
  const columns = changed.length > 0 ? await readFlags(session, view, changed) : null;
  if (session.view !== view) return;
  if (expunges === "release") tellVanished(session, view);
  if (arrived > 0 && view.takeArrived(arrived, recent))
    session.out.ascii(`* ${view.count} EXISTS\r\n* ${countUids(view.recent)} RECENT\r\n`);
  if (columns !== null) tellFlags(session, view, columns);
}

/**
 * A message is \Recent to one session: the first that may write and is told of it, while it is there as well as later
 * (RFC 3501 §2.3.2). Where nobody can say which is the first, it is this one, as the RFC wants it.
 */
async function claimRecent(session: Session, { mailbox, writable }: View, upTo: number): Promise<UidRuns> {
  if (!writable) return noUids;
  const claimed = await session.ask({ kind: "claimRecent", mailbox, upTo });
  return claimed.ok ? claimed.recent : runOf(1, upTo);
}

/** FETCH lines that nobody asked for: UID and FLAGS, and MODSEQ once the client knows CONDSTORE (RFC 7162 §3.1.1, §3.2.4). */
export function tellFlags(session: Session, view: View, columns: Columns): void {
  tellKeywords(session, view, columns.keywordSets);
  const items = { uid: true, flags: true, modseq: session.condstore };
  writeFetchLines(session.out, columns, items, view.walk(), view.recent);
}

/**
 * Announces keywords that the client has not heard of: those that came with news, and those in the account's sets, of
 * which FETCH lines may show any. To be called before such lines are written, whoever asked for them.
 *
 * @see RFC 3501 §7.2.6
 */
export function tellKeywords({ out }: Session, view: View, keywordSets: Columns["keywordSets"]): void {
  view.keywords.learnSets(keywordSets);
  if (view.keywords.take()) writeFlags(out, view);
}

/** `* FLAGS` and `* OK [PERMANENTFLAGS]`. */
export function writeFlags(out: Session["out"], { keywords, writable }: View): void {
  out
    .ascii("* FLAGS ")
    .flags([...systemFlags, ...keywords.told])
    .crlf();
  const permanent = writable ? [...systemFlags, ...keywords.told, "\\*"] : [];
  out.ascii("* OK [PERMANENTFLAGS ").flags(permanent).ascii("] Flags that can be changed").crlf();
}

const systemFlags = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

function tellVanished({ out, qresync }: Session, view: View): void {
  const { uids, sequences } = view.takeVanished();
  if (uids.length === 0) return;
  if (qresync) {
    out.ascii("* VANISHED ");
    writeUidSet(out, uids);
    out.crlf();
    return;
  }
  // From the last one down: no line then changes the numbers of the lines that follow.
  for (let at = sequences.length - 2; at >= 0; at -= 2) {
    for (let sequence = sequences[at + 1]!; sequence >= sequences[at]!; sequence--) {
      out.ascii("* ").number(sequence).ascii(" EXPUNGE").crlf();
    }
  }
}

async function readFlags(session: Session, view: View, uids: UidRuns): Promise<Columns | null> {
  const columns = session.condstore ? (["flags", "modseq"] as const) : (["flags"] as const);
  const answer = await session.ask({ kind: "readColumns", mailbox: view.mailbox, uids, columns });
  if (answer.ok) return answer;
  view.touch(uids);
  return null;
}
