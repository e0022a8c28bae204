import { type Account, type Mailbox, messageCount } from "./account.ts";
import { departedCount } from "./departed-mail.ts";
import type { EventOf } from "./events.ts";
import { type Ruling, refused } from "./ruling.ts";
import type { UidRuns } from "./uid-runs.ts";

/** How many messages an account may hold, whatever their size: each costs memory wherever the account is at home. */
export type HoldingLimits = {
  readonly mailboxMessages: number;
  /** In all mailboxes together; as many departed ones are kept to be brought back. */
  readonly accountMessages: number;
};

export const noHoldingLimits: HoldingLimits = {
  mailboxMessages: Number.POSITIVE_INFINITY,
  accountMessages: Number.POSITIVE_INFINITY,
};

/** The refusal of what would bring `more` messages into `to`, of which `fresh` are new to the account; null: they fit. */
export function tooMany(
  account: Account,
  to: Mailbox,
  { more, fresh = more }: { readonly more: number; readonly fresh?: number },
  { mailboxMessages, accountMessages }: HoldingLimits,
): Ruling | null {
  if (to.messages + more > mailboxMessages) return refused({ kind: "tooManyMessages", limit: mailboxMessages });
  if (fresh > 0 && messageCount(account) + fresh > accountMessages)
    return refused({ kind: "tooManyMessages", limit: accountMessages });
  return null;
}

/** The refusal of `more` bytes that would take the account past its quota; null: they fit. */
export function overQuota(account: Account, more: number): Ruling | null {
  const { quota, used } = account;
  return quota > 0 && used + more > quota ? refused({ kind: "overQuota", quota, used }) : null;
}

/** What has to be forgotten, the oldest first, so that `more` messages may depart and be kept. */
export function roomForDeparted(
  { departed }: Account,
  more: number,
  { accountMessages }: HoldingLimits,
): readonly EventOf<"forgotten">[] {
  let excess = departedCount(departed) + more - accountMessages;
  if (excess <= 0) return [];
  const bySeq = new Map<number, number>();
  for (const { chunks } of departed.mailboxes.values()) {
    for (const { marks, length } of chunks) {
      for (let at = 0; at < length; at++) bySeq.set(marks.modseq[at]!, (bySeq.get(marks.modseq[at]!) ?? 0) + 1);
    }
  }
  let through = 0;
  for (const seq of [...bySeq.keys()].sort((a, b) => a - b)) {
    if (excess <= 0) break;
    through = seq;
    excess -= bySeq.get(seq)!;
  }
  return through === 0 ? [] : [{ kind: "forgotten", through }];
}

/** Runs of UIDs in one event: some ten megabytes of a log entry, where MongoDB takes sixteen. */
export const mostRuns = 400_000;

/** The refusal of a change of `uids` that are in too many runs; null: they are not. */
export function tooScattered(uids: UidRuns): Ruling | null {
  return uids.length / 2 > mostRuns ? refused({ kind: "tooScattered", limit: mostRuns }) : null;
}
