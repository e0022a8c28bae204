import { difference, intersection, noUids, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { writeColumnLines } from "../column-lines.ts";
import { command, type SessionIn } from "../command.ts";
import { tellKeywords } from "../tell-news.ts";
import { uidSetText } from "../uid-set.ts";
import type { Addressing } from "../view.ts";
import { sequenceSet, storeUpdate } from "../wire/rules.ts";

/** STORE: adds, removes or replaces flags; with UNCHANGEDSINCE only where nobody else was quicker. */
export const store = command({
  name: "STORE",
  rfc: ["3501 §6.4.6", "7162 §3.1.3"],
  states: ["selected"],
  uid: true,
  writes: true,
  expunges: { sequence: "hold", uid: "release" },
  args: { messages: sequenceSet, update: storeUpdate },
  async run({ args: { messages, update }, addressing }, session) {
    const { view } = session;
    const uids = view.resolve(messages, addressing);
    if (uids === null) return { status: "BAD", text: "STORE: no such message" };
    const { change, flags, unchangedSince } = update;
    if (unchangedSince !== undefined) session.condstore = true;
    if (uids.length === 0) return { status: "OK", text: "STORE completed: no messages" };
    const outcome = await session.change({
      kind: "changeFlags",
      mailbox: { id: view.mailbox },
      uids,
      change,
      flags,
      ...(unchangedSince !== undefined && { unchangedSince }),
    });
    if (!outcome.ok) return { status: "NO", refusal: outcome.refusal };
    const modified = outcome.modified ?? noUids;
    await echo(session, difference(uids, modified), update.echo, addressing);
    if (modified.length > 0) {
      const set = addressing === "uid" ? modified : view.sequences(modified);
      return { status: "OK", code: `MODIFIED ${uidSetText(set)}`, text: "STORE completed for the others" };
    }
    if (addressing === "sequence" && view.misses(uids)) {
      return { status: "NO", code: "EXPUNGEISSUED", text: "Some of the messages no longer exist" };
    }
    return { status: "OK", text: "STORE completed" };
  },
});

/**
 * What became of the flags; silent: nothing, or once the client knows CONDSTORE the new mod-sequence
 * (RFC 7162 §3.1.3).
 */
async function echo(
  session: SessionIn<"selected">,
  uids: UidRuns,
  wanted: "flags" | "silent",
  addressing: Addressing,
): Promise<void> {
  const { view, condstore } = session;
  const there = intersection(uids, view.known);
  if (there.length === 0 || (wanted === "silent" && !condstore)) return;
  if (wanted === "flags") await announceKeywords(session, there);
  const uid = addressing === "uid" || session.qresync;
  await writeColumnLines(session, there, { uid, flags: wanted === "flags", modseq: condstore });
}

/** A keyword that is new to the client is announced before it is used (RFC 3501 §7.2.6). */
async function announceKeywords(session: SessionIn<"selected">, uids: UidRuns): Promise<void> {
  const { view } = session;
  const first = [uids[0]!, uids[0]!];
  const columns = await session.read({ kind: "readColumns", mailbox: view.mailbox, uids: first, columns: ["flags"] });
  tellKeywords(session, view, columns.keywordSets);
}
