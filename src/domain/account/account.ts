import type { AccountId, MailboxId } from "../ids.ts";
import { type Checksum, zeroChecksum } from "./checksum.ts";
import type { Chunk } from "./chunk.ts";
import type { MailboxRef } from "./commands.ts";
import { type DepartedMail, noneDeparted } from "./departed-mail.ts";
import type { SpecialUse } from "./events.ts";
import { KeywordTable } from "./keyword-table.ts";
import { inboxPath, parsePath } from "./mailbox-path.ts";
import type { Tombstones } from "./tombstones.ts";

/**
 * One user's mail, all of it, as a value. Invariants:
 * - it is the replay of the account's log up to `seq`, and `checksum` is that replay's;
 * - UIDs ascend within a mailbox, are below its `uidNext`, and are never given twice;
 * - a mailbox's `highestModSeq` is the seq of the last entry that changed it, 1 or more;
 * - `used` is the sum of the sizes of all messages in all mailboxes.
 */
export type Account = {
  readonly id: AccountId;
  /** The last log entry folded in; 0: the account has never been opened. */
  readonly seq: number;
  readonly checksum: Checksum;
  /** Its user was deleted; it holds nothing, and nothing more happens to it. */
  readonly closed: boolean;
  /** Bytes; 0: no limit. */
  readonly quota: number;
  readonly used: number;
  /** Highest UIDVALIDITY ever given, so that none is given twice. */
  readonly lastUidValidity: number;
  readonly mailboxes: ReadonlyMap<MailboxId, Mailbox>;
  readonly paths: ReadonlyMap<string, MailboxId>;
  readonly subscriptions: ReadonlySet<string>;
  readonly keywords: KeywordTable;
  /** What was expunged or deleted and can still be brought back. */
  readonly departed: DepartedMail;
};

export type Mailbox = {
  readonly id: MailboxId;
  /** Stands for the mailbox in the checksum of its messages. */
  readonly hashSeed: number;
  readonly path: string;
  readonly specialUse: SpecialUse | null;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  /** None of them empty; UIDs ascend across them. */
  readonly chunks: readonly Chunk[];
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of the message sizes. */
  readonly size: number;
  readonly tombstones: Tombstones;
};

/**
 * Whether the account is somebody's: it was opened, for a user, and is not closed. INBOX comes with the opening and
 * stays; what has none was never opened, whatever else is in its log.
 */
export function isOpen(account: Account): boolean {
  return !account.closed && account.paths.has(inboxPath);
}

/** RFC 9051 §2.3.1.1: UIDs and UIDVALIDITY are nz-numbers of 32 bits. */
export const maxUid = 0xffff_ffff;

/** Messages in all mailboxes; of copies, each. */
export function messageCount({ mailboxes }: Account): number {
  let messages = 0;
  for (const mailbox of mailboxes.values()) messages += mailbox.messages;
  return messages;
}

export function emptyAccount(id: AccountId): Account {
  return {
    id,
    seq: 0,
    checksum: zeroChecksum,
    closed: false,
    quota: 0,
    used: 0,
    lastUidValidity: 0,
    mailboxes: new Map(),
    paths: new Map(),
    subscriptions: new Set(),
    keywords: KeywordTable.empty,
    departed: noneDeparted,
  };
}

/** The mailbox meant; one asked for by its use falls back to INBOX. */
export function findMailbox(account: Account, ref: MailboxRef): Mailbox | undefined {
  if ("id" in ref) return account.mailboxes.get(ref.id);
  if ("path" in ref) {
    const direct = account.paths.get(ref.path);
    if (direct !== undefined) return account.mailboxes.get(direct);
    const parsed = parsePath(ref.path);
    return "why" in parsed ? undefined : mailboxAt(account, parsed.path);
  }
  for (const mailbox of account.mailboxes.values()) if (mailbox.specialUse === ref.specialUse) return mailbox;
  return mailboxAt(account, inboxPath);
}

export function mailboxAt(account: Account, path: string): Mailbox | undefined {
  const id = account.paths.get(path);
  return id === undefined ? undefined : account.mailboxes.get(id);
}

/** How a refusal names what was asked for. */
export function describeRef(ref: MailboxRef): string {
  return "id" in ref ? ref.id : "path" in ref ? ref.path : ref.specialUse;
}
