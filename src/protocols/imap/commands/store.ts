import { difference, intersection, noUids, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { writeColumnLines } from "../column-lines.ts";
import { command, type SessionIn } from "../command.ts";
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
    if (unchangedSince !== undefined) session.enableCondstore();
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
    const missed = addressing === "sequence" && view.misses(uids);
    if (modified.length > 0) {
      // One tagged line has one code, and which messages to look at again is the one that cannot be had otherwise.
      if (missed) session.out.ascii("* OK [EXPUNGEISSUED] ").ascii(someGone).crlf();
      const set = addressing === "uid" ? modified : view.sequences(modified);
      return { status: "OK", code: `MODIFIED ${uidSetText(set)}`, text: "STORE completed for the others" };
    }
    // What is gone needs no flags: RFC 2180 §4.2.1 says OK for .SILENT, and Dovecot for every STORE.
    if (missed) return { status: "OK", code: "EXPUNGEISSUED", text: someGone };
    return { status: "OK", text: "STORE completed" };
  },
});

const someGone = "Some of the messages no longer exist";

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
  const uid = addressing === "uid" || session.qresync;
  await writeColumnLines(session, there, { uid, flags: wanted === "flags", modseq: condstore });
}
