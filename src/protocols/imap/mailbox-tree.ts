import type { MailboxList, MailboxSummary } from "../../actors/account/requests.ts";

/** A name as LIST and LSUB show it. */
export type ListedName = {
  readonly path: string;
  /** null: there is no such mailbox; it is a level above one, or only subscribed to. */
  readonly mailbox: MailboxSummary | null;
  readonly subscribed: boolean;
  readonly hasChildren: boolean;
};

/**
 * Every name there is anything to say about: mailboxes, subscriptions, and the levels above them that do not exist
 * themselves. INBOX first, then by code point.
 */
export function listedNames({ mailboxes, subscriptions }: MailboxList): readonly ListedName[] {
  const byPath = new Map(mailboxes.map((mailbox) => [mailbox.path, mailbox]));
  const subscribed = new Set(subscriptions);
  const parents = levelsAbove(byPath.keys());
  const paths = new Set([...byPath.keys(), ...subscribed, ...parents, ...levelsAbove(subscribed)]);
  return [...paths].sort(inboxFirst).map((path) => ({
    path,
    mailbox: byPath.get(path) ?? null,
    subscribed: subscribed.has(path),
    hasChildren: parents.has(path),
  }));
}

/** Which names the client wants to see, as `sought` says. */
export type SoughtName = {
  readonly name: ListedName;
  /** It is what the client looks for. */
  readonly chosen: boolean;
  /** Something below it is what the client looks for, listed or not. */
  readonly chosenBelow: boolean;
};

/**
 * Those of `names` that match the pattern and are chosen. With `recursive`, also those that match and are not chosen
 * while something below them is that is not listed itself: nothing that is chosen stays unseen, and nothing is said
 * twice (RFC 5258 §3.5; RFC 3501 §6.3.9 wants the same of LSUB with `%`).
 */
export function sought(
  names: readonly ListedName[],
  {
    matches,
    chosen,
    recursive,
  }: {
    readonly matches: (path: string) => boolean;
    readonly chosen: (name: ListedName) => boolean;
    readonly recursive: boolean;
  },
): readonly SoughtName[] {
  const found = names.map((name) => ({ name, chosen: chosen(name), listed: matches(name.path) }));
  const wanted = recursive ? found.filter((one) => one.chosen) : [];
  const above = levelsAbove(wanted.map(({ name }) => name.path));
  const aboveUnlisted = levelsAbove(wanted.filter(({ listed }) => !listed).map(({ name }) => name.path));
  return found
    .filter(({ name, chosen, listed }) => listed && (chosen || aboveUnlisted.has(name.path)))
    .map(({ name, chosen }) => ({ name, chosen, chosenBelow: above.has(name.path) }));
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
