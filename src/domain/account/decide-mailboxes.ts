import type { MailboxId } from "../ids.ts";
import { type Account, describeRef, findMailbox, isOpen, type Mailbox, mailboxAt, maxUid } from "./account.ts";
import type { CommandOf, MailboxRef } from "./commands.ts";
import type { AccountEvent, SpecialUse } from "./events.ts";
import { type HoldingLimits, roomForDeparted } from "./holding-limits.ts";
import { inboxPath, isBelow, parsePath, pathSeparator } from "./mailbox-path.ts";
import type { Refusal } from "./refusal.ts";
import { allUids } from "./rows.ts";
import { accepted, type Ruling, refused } from "./ruling.ts";

/** WildDuck's limit, and a guard against clients gone wild. */
export const maxMailboxes = 1500;
const maxSubscriptions = 2 * maxMailboxes;

export function openAccount(account: Account, command: CommandOf<"openAccount">): Ruling {
  if (account.seq > 0 || isOpen(account)) return refused({ kind: "accountExists" });
  const events: AccountEvent[] = [{ kind: "quotaSet", bytes: command.quota }];
  const validity = uidValidities(account, command.at);
  const taken = new Set<string>();
  for (const { id, path, specialUse } of command.mailboxes) {
    const parsed = parsePath(path);
    if ("why" in parsed) return refused({ kind: "badMailboxName", path, why: parsed.why });
    if (taken.has(parsed.path)) return refused({ kind: "mailboxExists", path: parsed.path });
    taken.add(parsed.path);
    events.push({ kind: "mailboxCreated", mailbox: id, path: parsed.path, uidValidity: validity(), specialUse });
    events.push({ kind: "subscribed", path: parsed.path });
  }
  return accepted(events);
}

/** Seconds since 1970 where that is new, else the next number: none is given twice, not even within a second. */
function uidValidities(account: Account, at: number): () => number {
  let last = Math.max(account.lastUidValidity, Math.min(Math.floor(at / 1000), maxUid) - 1);
  return () => ++last;
}

export function createMailbox(account: Account, command: CommandOf<"createMailbox">): Ruling {
  const parsed = parsePath(command.path);
  if ("why" in parsed) return refused({ kind: "badMailboxName", path: command.path, why: parsed.why });
  if (account.paths.has(parsed.path)) return refused({ kind: "mailboxExists", path: parsed.path });
  const validity = uidValidities(account, command.at);
  const made = newLevels(account, parsed.levels, command.ids, validity, command.specialUse ?? null);
  const over = tooMany(account, made.length);
  if (over) return refused(over);
  const subscribed = command.subscribe ? subscriptionsTo(account, made) : [];
  if (subscribed === null) return refused({ kind: "tooManyMailboxes", limit: maxSubscriptions });
  return accepted([...made, ...subscribed]);
}

/** Subscribes to what is being made; null: there are too many already. */
function subscriptionsTo({ subscriptions }: Account, made: readonly MailboxCreated[]): AccountEvent[] | null {
  // A subscription outlives its mailbox: it may be there before one of that name is made again.
  const fresh = made.filter(({ path }) => !subscriptions.has(path));
  if (fresh.length > 0 && subscriptions.size + fresh.length > maxSubscriptions) return null;
  return fresh.map(({ path }) => ({ kind: "subscribed", path }));
}

type MailboxCreated = Extract<AccountEvent, { kind: "mailboxCreated" }>;

/** Creates every level that is not there (RFC 9051 §6.3.4: superior names are made too). */
function newLevels(
  account: Account,
  levels: readonly string[],
  ids: readonly MailboxId[],
  validity: () => number,
  specialUse: SpecialUse | null,
): MailboxCreated[] {
  const events: MailboxCreated[] = [];
  for (let depth = 1; depth <= levels.length; depth++) {
    const path = levels.slice(0, depth).join(pathSeparator);
    if (account.paths.has(path)) continue;
    const mailbox = ids[depth - 1];
    if (mailbox === undefined) throw new Error(`Cannot create ${levels.length} levels: ${ids.length} ids were given`);
    const use = depth === levels.length ? specialUse : null;
    events.push({ kind: "mailboxCreated", mailbox, path, uidValidity: validity(), specialUse: use });
  }
  return events;
}

function tooMany(account: Account, more: number): Refusal | null {
  return account.mailboxes.size + more > maxMailboxes ? { kind: "tooManyMailboxes", limit: maxMailboxes } : null;
}

export function renameMailbox(account: Account, command: CommandOf<"renameMailbox">): Ruling {
  const mailbox = findMailbox(account, command.from);
  if (!mailbox) return noSuch(command.from);
  const parsed = parsePath(command.path);
  if ("why" in parsed) return refused({ kind: "badMailboxName", path: command.path, why: parsed.why });
  if (account.paths.has(parsed.path)) return refused({ kind: "mailboxExists", path: parsed.path });
  if (mailbox.path === inboxPath) return moveInboxAway(account, mailbox, parsed.levels, command);
  if (isBelow(parsed.path, mailbox.path)) {
    return refused({ kind: "badMailboxName", path: parsed.path, why: "a mailbox cannot become its own child" });
  }
  const parents = newLevels(account, parsed.levels.slice(0, -1), command.ids, uidValidities(account, command.at), null);
  const over = tooMany(account, parents.length);
  if (over) return refused(over);
  const subscribed = command.subscribe ? subscriptionsTo(account, parents) : [];
  if (subscribed === null) return refused({ kind: "tooManyMailboxes", limit: maxSubscriptions });
  const events: AccountEvent[] = [...parents, ...subscribed];
  for (const each of account.mailboxes.values()) {
    if (each !== mailbox && !isBelow(each.path, mailbox.path)) continue;
    const path = parsed.path + each.path.slice(mailbox.path.length);
    const fits = parsePath(path);
    if ("why" in fits) return refused({ kind: "badMailboxName", path, why: fits.why });
    if (account.paths.has(path)) return refused({ kind: "mailboxExists", path });
    events.push({ kind: "mailboxRenamed", mailbox: each.id, path });
    // The subscription is to the mailbox its owner sees, so it goes along.
    if (account.subscriptions.has(each.path)) {
      events.push({ kind: "unsubscribed", path: each.path }, { kind: "subscribed", path });
    }
  }
  return accepted(events);
}

/** RFC 9051 §6.3.6: renaming INBOX moves its messages to a new mailbox and leaves INBOX empty; its children stay. */
function moveInboxAway(
  account: Account,
  inbox: Mailbox,
  levels: readonly string[],
  command: CommandOf<"renameMailbox">,
): Ruling {
  const made = newLevels(account, levels, command.ids, uidValidities(account, command.at), null);
  const over = tooMany(account, made.length);
  if (over) return refused(over);
  const to = command.ids[levels.length - 1]!;
  const uids = allUids(inbox);
  return accepted(uids.length === 0 ? made : [...made, { kind: "moved", mailbox: inbox.id, uids, to, firstUid: 1 }]);
}

export function deleteMailbox(account: Account, command: CommandOf<"deleteMailbox">, limits: HoldingLimits): Ruling {
  const mailbox = findMailbox(account, command.mailbox);
  if (!mailbox) return noSuch(command.mailbox);
  if (mailbox.path === inboxPath) return refused({ kind: "inboxStays" });
  // Applications file mail by special use: one of these gone would send it all to INBOX.
  if (mailbox.specialUse !== null) return refused({ kind: "specialUseStays", specialUse: mailbox.specialUse });
  const { id, messages } = mailbox;
  return accepted([...roomForDeparted(account, messages, limits), { kind: "mailboxDeleted", mailbox: id }]);
}

export function setSpecialUse(account: Account, command: CommandOf<"setSpecialUse">): Ruling {
  const mailbox = findMailbox(account, command.mailbox);
  if (!mailbox) return noSuch(command.mailbox);
  if (mailbox.specialUse === command.specialUse) return accepted([]);
  const events: AccountEvent[] = [];
  if (command.specialUse !== null) {
    // One place for each use: who had it gives it up.
    for (const other of account.mailboxes.values()) {
      if (other.specialUse === command.specialUse)
        events.push({ kind: "specialUseSet", mailbox: other.id, specialUse: null });
    }
  }
  events.push({ kind: "specialUseSet", mailbox: mailbox.id, specialUse: command.specialUse });
  return accepted(events);
}

export function subscribe(account: Account, command: CommandOf<"subscribe">): Ruling {
  const parsed = parsePath(command.path);
  if ("why" in parsed) return refused({ kind: "badMailboxName", path: command.path, why: parsed.why });
  if (account.subscriptions.has(parsed.path)) return accepted([]);
  if (!mailboxAt(account, parsed.path)) return refused({ kind: "noSuchMailbox", path: parsed.path });
  if (account.subscriptions.size >= maxSubscriptions)
    return refused({ kind: "tooManyMailboxes", limit: maxSubscriptions });
  return accepted([{ kind: "subscribed", path: parsed.path }]);
}

/** Unsubscribing from what one is not subscribed to is already true (WildDuck and Dovecot answer OK too). */
export function unsubscribe(account: Account, command: CommandOf<"unsubscribe">): Ruling {
  const parsed = parsePath(command.path);
  if ("why" in parsed) return refused({ kind: "badMailboxName", path: command.path, why: parsed.why });
  return accepted(account.subscriptions.has(parsed.path) ? [{ kind: "unsubscribed", path: parsed.path }] : []);
}

export function noSuch(ref: MailboxRef): Ruling {
  return refused({ kind: "noSuchMailbox", path: describeRef(ref) });
}
