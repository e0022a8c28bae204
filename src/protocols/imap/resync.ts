import { runOf, runsOfSorted } from "../../domain/account/uid-runs.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

/**
 * Makes a view whole that has missed news: asks what has changed and what has gone since all was known, as a client
 * would with QRESYNC. What happens meanwhile is kept by the view and comes on top.
 */
export async function resync(session: Session, view: View): Promise<void> {
  const since = view.resyncing();
  let done = false;
  try {
    const { mailbox, known } = view;
    // Gone first: a message that goes between the two questions is announced, one that came between them is found.
    const gone = await session.ask({ kind: "readVanished", mailbox, since, known });
    if (!gone.ok) {
      if (gone.refusal.kind === "noSuchMailbox") view.gone = true;
      return;
    }
    const uids = runOf(1, 0xffff_ffff);
    const columns = await session.ask({ kind: "readColumns", mailbox, uids, columns: ["modseq"], changedSince: since });
    if (!columns.ok) return;
    let highestModSeq = 0;
    for (const modseq of columns.modseqs) if (modseq > highestModSeq) highestModSeq = modseq;
    view.resynced({ seq: gone.seq, present: runsOfSorted(columns.uids), vanished: gone.uids, highestModSeq });
    done = true;
  } finally {
    if (!done) view.resynced(null);
  }
}
