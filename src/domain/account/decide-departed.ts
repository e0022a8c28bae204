import type { MessageId } from "../ids.ts";
import { type Account, findMailbox, maxUid } from "./account.ts";
import type { CommandOf } from "./commands.ts";
import { noSuch } from "./decide-mailboxes.ts";
import { eachDeparted } from "./departed-mail.ts";
import { type HoldingLimits, overQuota, tooMany, tooScattered } from "./holding-limits.ts";
import { livingAmong } from "./living-messages.ts";
import { messageAt } from "./message-ids.ts";
import { accepted, type Ruling, refused } from "./ruling.ts";
import { hasUid, runsOf } from "./uid-runs.ts";

/** What departed and is wanted back; of a message that departed several times, the last departure. */
export function restore(account: Account, command: CommandOf<"restore">, limits: HoldingLimits): Ruling {
  const to = findMailbox(account, command.to);
  if (!to) return noSuch(command.to);
  const wanted = new Map<MessageId, { uid: number; size: number }>();
  eachDeparted(account.departed, command.from, (chunk, at) => {
    const uid = chunk.fixed.uid[at]!;
    if (command.uids !== "all" && !hasUid(command.uids, uid)) return;
    wanted.set(messageAt(chunk, at), { uid, size: chunk.fixed.size[at]! });
  });
  for (const message of livingAmong(account, wanted.keys())) wanted.delete(message);
  if (wanted.size === 0) return accepted([]);
  const rows = [...wanted.values()];
  const bytes = rows.reduce((sum, { size }) => sum + size, 0);
  const full = overQuota(account, bytes) ?? tooMany(account, to, { more: rows.length }, limits);
  if (full) return full;
  if (to.uidNext + rows.length > maxUid) return refused({ kind: "uidsExhausted", path: to.path });
  const uids = runsOf(rows.map(({ uid }) => uid));
  const scattered = tooScattered(uids);
  if (scattered) return scattered;
  return accepted([{ kind: "restored", from: command.from, uids, to: to.id, firstUid: to.uidNext }]);
}

export function forget(account: Account, { through }: CommandOf<"forget">): Ruling {
  for (const { chunks, deleted } of account.departed.mailboxes.values()) {
    const first = chunks[0]?.marks.modseq[0] ?? deleted?.seq;
    if (first !== undefined && first <= through) return accepted([{ kind: "forgotten", through }]);
  }
  return accepted([]);
}
