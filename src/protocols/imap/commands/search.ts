import { countUids, intersection, type UidRuns } from "../../../domain/account/uid-runs.ts";
import { command, type SessionIn } from "../command.ts";
import { searchCriteria } from "../search-criteria.ts";
import { writeUidSet } from "../uid-set.ts";
import type { Addressing } from "../view.ts";
import { searchRequest } from "../wire/rules.ts";
import type { SearchReturn } from "../wire/types.ts";

/** SEARCH: which messages match; with RETURN, only as much of the answer as is wanted. */
export const search = command({
  name: "SEARCH",
  rfc: ["3501 §6.4.4", "4731 §3.1", "5032", "7162 §3.1.5"],
  states: ["selected"],
  uid: true,
  expunges: { sequence: "hold", uid: "release" },
  args: { request: searchRequest },
  async run({ tag, args: { request }, addressing }, session) {
    const { view, out } = session;
    if (request.modseq) session.enableCondstore();
    const criteria = searchCriteria(request.key, view, session.server.services.clock.now());
    const { uids, modSeq } = await session.read({ kind: "search", mailbox: view.mailbox, criteria });
    const found = intersection(uids, view.known);
    const shown = addressing === "uid" ? found : view.sequences(found);
    if (request.returns === null) await writeNumbers(session, shown, request.modseq ? modSeq : 0);
    else {
      const modseq =
        request.modseq && found.length > 0 ? await returnedModSeq(session, found, request.returns, modSeq) : 0;
      out.ascii(`* ESEARCH (TAG "`).ascii(tag).ascii('")');
      writeReturns(session, shown, request.returns, addressing, modseq);
    }
    return { status: "OK", text: "SEARCH completed" };
  },
});

/** mailbox-data =/ "SEARCH" [1*(SP nz-number) SP search-sort-mod-seq] ; RFC 7162 §7 */
async function writeNumbers(session: SessionIn<"selected">, numbers: UidRuns, modSeq: number): Promise<void> {
  const { out } = session;
  out.ascii("* SEARCH");
  for (let at = 0; at < numbers.length; at += 2) {
    for (let number = numbers[at]!; number <= numbers[at + 1]!; number++) out.ascii(" ").number(number);
    if (session.socket.congested && !(await session.room())) return;
  }
  if (modSeq > 0 && numbers.length > 0) out.ascii(" (MODSEQ ").number(modSeq).ascii(")");
  out.crlf();
}

/** RFC 4731 §3.1: MIN, MAX and ALL are left out where nothing was found. */
function writeReturns(
  { out }: SessionIn<"selected">,
  shown: UidRuns,
  returns: readonly SearchReturn[],
  addressing: Addressing,
  modSeq: number,
): void {
  if (addressing === "uid") out.ascii(" UID");
  const any = shown.length > 0;
  if (any && returns.includes("MIN")) out.ascii(" MIN ").number(shown[0]!);
  if (any && returns.includes("MAX")) out.ascii(" MAX ").number(shown[shown.length - 1]!);
  if (returns.includes("COUNT")) out.ascii(" COUNT ").number(countUids(shown));
  if (any && returns.includes("ALL")) {
    out.ascii(" ALL ");
    writeUidSet(out, shown);
  }
  if (modSeq > 0) out.ascii(" MODSEQ ").number(modSeq);
  out.crlf();
}

/** Of the messages that are named in the answer: where those are only MIN and MAX, of these (RFC 7162 §3.1.5 ¶7). */
async function returnedModSeq(
  session: SessionIn<"selected">,
  found: UidRuns,
  returns: readonly SearchReturn[],
  highest: number,
): Promise<number> {
  if (returns.includes("ALL") || returns.includes("COUNT")) return highest;
  const { mailbox } = session.view;
  const ends: number[] = [];
  if (returns.includes("MIN")) ends.push(found[0]!);
  if (returns.includes("MAX")) ends.push(found[found.length - 1]!);
  let modSeq = 0;
  for (const uid of ends) {
    const columns = await session.read({ kind: "readColumns", mailbox, uids: [uid, uid], columns: ["modseq"] });
    modSeq = Math.max(modSeq, columns.modseqs[0] ?? 0);
  }
  return modSeq;
}
