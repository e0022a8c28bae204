import type { Announcement, MailboxSummary } from "../../../actors/account/requests.ts";
import type { AccountEvent, Flag } from "../../../domain/account/events.ts";
import { countUids, eachUid } from "../../../domain/account/uid-runs.ts";
import type { MailboxId } from "../../../domain/ids.ts";

/** One update as clients read it; the names are those of WildDuck's journal. */
export type UpdateEvent =
  | { readonly command: "EXISTS" | "EXPUNGE"; readonly mailbox: string; readonly uid: number; readonly modseq: number }
  | {
      readonly command: "FETCH";
      readonly mailbox: string;
      readonly uid: number;
      readonly modseq: number;
      readonly flags: readonly Flag[];
    }
  | { readonly command: "CREATE" | "RENAME"; readonly mailbox: string; readonly path: string }
  | { readonly command: "DELETE"; readonly mailbox: string }
  | { readonly command: "COUNTERS"; readonly mailbox: string; readonly total: number; readonly unseen: number };

/** Past so many messages in one announcement only the counters are told: reading the list again is cheaper. */
const worthTelling = 1000;

/**
 * What an announcement means for somebody who watches the account; of messages whose flags changed, `flagsOf` says what
 * they are now, and undefined for those that are gone again.
 */
export function updatesOf(
  { seq, transactions }: Announcement,
  flagsOf: (mailbox: MailboxId, uid: number) => readonly Flag[] | undefined,
): readonly UpdateEvent[] {
  const events = transactions.flatMap((transaction) => transaction.events);
  if (messagesIn(events) > worthTelling) return [];
  return events.flatMap((event): UpdateEvent[] => {
    const each = (command: "EXISTS" | "EXPUNGE", mailbox: MailboxId, uids: Iterable<number>): UpdateEvent[] =>
      Array.from(uids, (uid) => ({ command, mailbox, uid, modseq: seq }));
    switch (event.kind) {
      case "appended":
        return each("EXISTS", event.mailbox, [event.uid]);
      case "expunged":
        return each("EXPUNGE", event.mailbox, eachUid(event.uids));
      case "copied":
      case "restored":
        return each("EXISTS", event.to, newUids(event));
      case "moved":
        return [...each("EXPUNGE", event.mailbox, eachUid(event.uids)), ...each("EXISTS", event.to, newUids(event))];
      case "flagsChanged":
        return [...eachUid(event.uids)].flatMap((uid): UpdateEvent[] => {
          const flags = flagsOf(event.mailbox, uid);
          return flags ? [{ command: "FETCH", mailbox: event.mailbox, uid, modseq: seq, flags }] : [];
        });
      case "mailboxCreated":
        return [{ command: "CREATE", mailbox: event.mailbox, path: event.path }];
      case "mailboxRenamed":
        return [{ command: "RENAME", mailbox: event.mailbox, path: event.path }];
      case "mailboxDeleted":
        return [{ command: "DELETE", mailbox: event.mailbox }];
      default:
        return [];
    }
  });
}

/** Mailboxes whose counters an announcement may have changed. */
export function mailboxesOf({ transactions }: Announcement): ReadonlySet<MailboxId> {
  const touched = new Set<MailboxId>();
  for (const event of transactions.flatMap((transaction) => transaction.events)) {
    if ("mailbox" in event) touched.add(event.mailbox);
    if ("to" in event) touched.add(event.to);
  }
  return touched;
}

/** Messages by mailbox whose flags an announcement changed, few enough to be told one by one. */
export function flagChangesOf({
  transactions,
}: Announcement): readonly Extract<AccountEvent, { kind: "flagsChanged" }>[] {
  const events = transactions.flatMap((transaction) => transaction.events);
  return messagesIn(events) > worthTelling ? [] : events.filter((event) => event.kind === "flagsChanged");
}

export function countersOf({ id, messages, unseen }: MailboxSummary): UpdateEvent {
  return { command: "COUNTERS", mailbox: id, total: messages, unseen };
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export function eventText(event: UpdateEvent, id: string): string {
  return `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A log sequence number as WildDuck's event ids look: 24 hex digits that ascend. */
export const eventId = (seq: number) => seq.toString(16).padStart(24, "0");

/** The sequence number of an event id, null for one that is none. */
export function readEventId(text: string): number | null {
  return /^0{11}[0-9a-f]{13}$/.test(text) && Number.parseInt(text, 16) <= Number.MAX_SAFE_INTEGER
    ? Number.parseInt(text, 16)
    : null;
}

function* newUids({ uids, firstUid }: { uids: readonly number[]; firstUid: number }): Generator<number> {
  const count = countUids(uids);
  for (let at = 0; at < count; at++) yield firstUid + at;
}

const messagesIn = (events: readonly AccountEvent[]) =>
  events.reduce((sum, event) => sum + ("uids" in event ? countUids(event.uids) : 1), 0);
