import { type Account, emptyAccount } from "../../src/domain/account/account.ts";
import { printChecksum } from "../../src/domain/account/checksum.ts";
import type { AccountEvent, LogEntry } from "../../src/domain/account/events.ts";
import { evolveEntry } from "../../src/domain/account/evolve.ts";
import { eachUid } from "../../src/domain/account/uid-runs.ts";
import type { MailboxId } from "../../src/domain/ids.ts";
import { flagsText } from "./imap-client.ts";
import { instanceOf, type Ledger } from "./ledger.ts";

type TrueMessage = { readonly token: string; readonly size: number; flags: readonly string[]; modseq: number };
type TrueMailbox = { path: string; readonly validity: number; readonly messages: Map<number, TrueMessage> };

/** An account as its log tells it, read in the plainest way there is. */
export type Truth = {
  readonly account: Account;
  readonly mailboxes: ReadonlyMap<MailboxId, TrueMailbox>;
  /** Every instance there ever was, and its message. */
  readonly instances: ReadonlyMap<string, string>;
  /** Flags each instance had from a mod-sequence on. */
  readonly flags: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** How often each message was appended, by LMTP or APPEND. */
  readonly appended: ReadonlyMap<string, number>;
  /** How often each keyword was given. */
  readonly marked: ReadonlyMap<string, number>;
  /** Messages that went with a mailbox that was deleted. */
  readonly lostWithMailbox: ReadonlySet<string>;
};

/** Replays a log, checking every entry on the way. */
export function truthOf(entries: readonly LogEntry[], ledger: Ledger): Truth {
  const name = entries[0]?.account ?? "nobody";
  let account = emptyAccount(name as never);
  const mailboxes = new Map<MailboxId, TrueMailbox>();
  const instances = new Map<string, string>();
  const flags = new Map<string, Map<number, string>>();
  const appended = new Map<string, number>();
  const marked = new Map<string, number>();
  const lostWithMailbox = new Set<string>();

  const place = (mailbox: TrueMailbox, uid: number, message: TrueMessage): void => {
    const instance = instanceOf(mailbox.validity, uid);
    if (instances.has(instance)) ledger.violate(`the log of ${name} gives ${instance} twice`);
    instances.set(instance, message.token);
    mailbox.messages.set(uid, message);
    noteFlags(mailbox, uid, message);
  };
  const noteFlags = (mailbox: TrueMailbox, uid: number, message: TrueMessage): void => {
    const instance = instanceOf(mailbox.validity, uid);
    const known = flags.get(instance);
    if (known) known.set(message.modseq, flagsText(message.flags));
    else flags.set(instance, new Map([[message.modseq, flagsText(message.flags)]]));
  };
  /** What is only ever moved is in one place after every transaction: nobody can see it twice, or not at all. */
  const checkWhole = (seq: number): void => {
    const living = new Map<string, number>();
    for (const { messages } of mailboxes.values()) {
      for (const { token } of messages.values()) living.set(token, (living.get(token) ?? 0) + 1);
    }
    for (const token of appended.keys()) {
      if (!ledger.neverCopied.has(token) || lostWithMailbox.has(token)) continue;
      const count = living.get(token) ?? 0;
      if (count !== (appended.get(token) ?? 0)) ledger.violate(`${name}: ${token} is there ${count} times at ${seq}`);
    }
  };
  const fold = (event: AccountEvent, entry: LogEntry): void => {
    const { seq } = entry;
    switch (event.kind) {
      case "accountClosed":
        mailboxes.clear();
        return;
      case "mailboxCreated":
        mailboxes.set(event.mailbox, { path: event.path, validity: event.uidValidity, messages: new Map() });
        return;
      case "mailboxRenamed":
        mailboxes.get(event.mailbox)!.path = event.path;
        return;
      case "mailboxDeleted":
        for (const { token } of mailboxes.get(event.mailbox)!.messages.values()) lostWithMailbox.add(token);
        mailboxes.delete(event.mailbox);
        return;
      case "appended": {
        const bytes = Buffer.concat(
          event.content.map((piece) => {
            if (piece.kind === "literal") return piece.bytes;
            if (piece.kind === "inline") return entry.bodies[piece.index]!;
            throw new Error("no message of a history is so large");
          }),
        );
        const token = ledger.tokenOf(bytes, `entry ${seq} of ${name}`) ?? "?";
        appended.set(token, (appended.get(token) ?? 0) + 1);
        const message = { token, size: bytes.length, flags: event.flags, modseq: seq };
        place(mailboxes.get(event.mailbox)!, event.uid, message);
        return;
      }
      case "flagsChanged": {
        const mailbox = mailboxes.get(event.mailbox)!;
        for (const flag of event.flags) if (/^K\d/.test(flag)) marked.set(flag, (marked.get(flag) ?? 0) + 1);
        for (const uid of eachUid(event.uids)) {
          const message = mailbox.messages.get(uid);
          if (!message) continue;
          message.flags = changed(message.flags, event.change, event.flags);
          message.modseq = seq;
          noteFlags(mailbox, uid, message);
        }
        return;
      }
      case "copied":
      case "moved": {
        const from = mailboxes.get(event.mailbox)!;
        let uid = event.firstUid;
        const some = [...eachUid(event.uids)].map((each) => [each, from.messages.get(each)] as const);
        for (const [each, message] of some) {
          if (!message) {
            ledger.violate(`entry ${seq} of ${name} takes UID ${each} from where it is not`);
            continue;
          }
          if (event.kind === "moved") from.messages.delete(each);
          place(mailboxes.get(event.to)!, uid++, { ...message, modseq: seq });
        }
        return;
      }
      case "expunged":
        for (const uid of eachUid(event.uids)) mailboxes.get(event.mailbox)!.messages.delete(uid);
    }
  };

  for (const entry of entries) {
    if (entry.seq !== account.seq + 1) {
      ledger.violate(`the log of ${name} goes on from ${account.seq} with ${entry.seq}`);
      break;
    }
    account = evolveEntry(account, entry);
    if (printChecksum(account.checksum) !== entry.checksum) {
      ledger.violate(`entry ${entry.seq} of ${name} does not lead to the state it was appended with`);
    }
    for (const { events } of entry.transactions) {
      for (const event of events) fold(event, entry);
      checkWhole(entry.seq);
    }
  }
  return { account, mailboxes, instances, flags, appended, marked, lostWithMailbox };
}

function changed(before: readonly string[], change: "add" | "remove" | "replace", flags: readonly string[]): string[] {
  const given = new Set(flags.map((flag) => flag.toLowerCase()));
  if (change === "replace") return [...flags];
  const others = before.filter((flag) => !given.has(flag.toLowerCase()));
  return change === "add" ? [...others, ...flags] : others;
}
