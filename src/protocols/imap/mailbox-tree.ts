import type { MailboxList, MailboxSummary } from "../../actors/account/requests.ts";

/** A name as LIST and LSUB show it. */
export type ListedName = {
  readonly path: string;
  /** null: there is no such mailbox; it is a level above one, or only subscribed to. */
  readonly mailbox: MailboxSummary | null;
  readonly subscribed: boolean;
  readonly hasChildren: boolean;
  /** A name below it is subscribed to. */
  readonly subscribedBelow: boolean;
};

/**
 * Every name there is anything to say about: mailboxes, subscriptions, and the levels above them that do not exist
 * themselves. INBOX first, then by code point.
 */
export function listedNames({ mailboxes, subscriptions }: MailboxList): readonly ListedName[] {
  const byPath = new Map(mailboxes.map((mailbox) => [mailbox.path, mailbox]));
  const subscribed = new Set(subscriptions);
  const parents = levelsAbove(byPath.keys());
  const subscribedParents = levelsAbove(subscribed);
  const paths = new Set([...byPath.keys(), ...subscribed, ...parents, ...subscribedParents]);
  return [...paths].sort(inboxFirst).map((path) => ({
    path,
    mailbox: byPath.get(path) ?? null,
    subscribed: subscribed.has(path),
    hasChildren: parents.has(path),
    subscribedBelow: subscribedParents.has(path),
  }));
}

function levelsAbove(paths: Iterable<string>): Set<string> {
  const levels = new Set<string>();
  for (const path of paths) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) levels.add(path.slice(0, at));
  }
  return levels;
}

function inboxFirst(one: string, other: string): number {
  if (one === "INBOX") return -1;
  if (other === "INBOX") return 1;
  return one < other ? -1 : one > other ? 1 : 0;
}
