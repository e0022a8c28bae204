import type { Account } from "../../domain/account/account.ts";
import type { AccountEvent, SpecialUse } from "../../domain/account/events.ts";
import { parsePath, pathSeparator } from "../../domain/account/mailbox-path.ts";
import { eachUid, runsOf } from "../../domain/account/uid-runs.ts";
import type { MailboxId } from "../../domain/ids.ts";
import type { AccountActor } from "./account-actor.ts";
import { type Departure, deletedMailboxes, departures, homeOf } from "./departed-reads.ts";
import type { AccountRequests, ChangeCommand, Refused, Restored } from "./requests.ts";

type Ask = AccountRequests["restoreDeparted"]["ask"];

/**
 * Brings back what departed, all of it or the first `most` of it, and mailboxes that were deleted: one append, all or
 * nothing. Where there is nothing (more) to bring back, nothing is changed.
 *
 * @param since what departed before is not brought back: it may be let go of at any time
 */
export async function restoreDeparted(actor: AccountActor, ask: Ask, since: number): Promise<Restored | Refused> {
  const done = actor.requests.find(ask.request);
  if (done) return restoredBy(done.seq, done.events, 0);
  const parsed = ask.into === undefined ? null : parsePath(ask.into);
  if (parsed && "why" in parsed)
    return { ok: false, refusal: { kind: "badMailboxName", path: ask.into!, why: parsed.why } };
  const { state, departed } = actor;
  const wanted = departures(state, departed, since).filter((departure) => isWanted(ask, departure));
  const some = wanted.slice(0, ask.most);
  const deleted = ask.into === undefined && ask.numbers === undefined ? deletedMailboxes(state, departed, since) : [];
  const empty = deleted.filter(({ id, at }) => inRange(ask, id, at)).map(({ id }) => id);
  const commands = commandsFor(state, some, empty, parsed?.path);
  if (commands.length === 0) return { ok: true, seq: state.seq, messages: [], mailboxes: [], rest: 0 };
  const outcome = await actor.change(ask.request, { kind: "batch", commands }, []);
  return outcome.ok ? restoredBy(outcome.seq, outcome.events, wanted.length - some.length) : outcome;
}

function restoredBy(seq: number, events: readonly AccountEvent[], rest: number): Restored {
  const messages: Restored["messages"][number][] = [];
  const mailboxes: MailboxId[] = [];
  for (const event of events) {
    if (event.kind === "mailboxCreated") mailboxes.push(event.mailbox);
    if (event.kind !== "restored") continue;
    let uid = event.firstUid;
    for (const old of eachUid(event.uids)) messages.push({ from: event.from, old, mailbox: event.to, uid: uid++ });
  }
  return { ok: true, seq, messages, mailboxes, rest };
}

function isWanted(ask: Ask, { number, mailbox, at }: Departure): boolean {
  return ask.numbers === undefined ? inRange(ask, mailbox, at) : ask.numbers.includes(number);
}

function inRange({ start = 0, end = Number.POSITIVE_INFINITY, from }: Ask, mailbox: MailboxId, at: number): boolean {
  return at >= start && at <= end && (from === undefined || from.includes(mailbox));
}

/** First the mailboxes that are missing, parents before their children, then the messages, mailbox by mailbox. */
function commandsFor(
  state: Account,
  found: readonly Departure[],
  empty: readonly MailboxId[],
  into: string | undefined,
): ChangeCommand[] {
  const bySource = Map.groupBy(found, ({ mailbox }) => mailbox);
  const missing = new Map<string, SpecialUse | null>();
  for (const mailbox of new Set([...bySource.keys(), ...empty])) {
    const path = into ?? homeOf(state, mailbox);
    const use = into === undefined ? (state.departed.mailboxes.get(mailbox)?.deleted?.specialUse ?? null) : null;
    if (!state.paths.has(path)) missing.set(path, use);
  }
  const uses = new Set([...state.mailboxes.values()].map(({ specialUse }) => specialUse));
  const made = new Set<string>();
  const commands: ChangeCommand[] = [];
  for (const path of [...missing.keys()].sort((a, b) => a.length - b.length)) {
    if (made.has(path)) continue;
    const levels = path.split(pathSeparator);
    for (const [at] of levels.entries()) made.add(levels.slice(0, at + 1).join(pathSeparator));
    const use = missing.get(path) ?? null;
    const specialUse = use === null || uses.has(use) ? {} : { specialUse: use };
    // Who asks for it back wants to see it, in clients too that show what is subscribed to.
    commands.push({ kind: "createMailbox", path, ...specialUse, subscribe: true });
    uses.add(use);
  }
  for (const [from, some] of bySource) {
    const uids = runsOf(some.map(({ uid }) => uid));
    commands.push({ kind: "restore", from, uids, to: { path: into ?? homeOf(state, from) } });
  }
  return commands;
}
