import type { AccountEvent } from "../../domain/account/events.ts";
import { countUids, runOf, type UidRuns, union } from "../../domain/account/uid-runs.ts";
import type { SessionIn } from "./command.ts";
import { uidSetText } from "./uid-set.ts";

/** `COPYUID uidvalidity from to` of a copy or move (RFC 4315 §3); null where no message was there to be copied. */
export async function copyUid(session: SessionIn<"selected">, events: readonly AccountEvent[]): Promise<string | null> {
  let from: UidRuns = [];
  let placed: UidRuns = [];
  let target: string | null = null;
  for (const event of events) {
    if (event.kind !== "copied" && event.kind !== "moved") continue;
    target = event.to;
    from = union(from, event.uids);
    placed = union(placed, runOf(event.firstUid, event.firstUid + countUids(event.uids) - 1));
  }
  if (target === null) return null;
  const { mailboxes } = await session.read({ kind: "mailboxes" });
  const uidValidity = mailboxes.find(({ id }) => id === target)?.uidValidity;
  return uidValidity === undefined ? null : `COPYUID ${uidValidity} ${uidSetText(from)} ${uidSetText(placed)}`;
}
