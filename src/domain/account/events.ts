import type { AccountId, MailboxId, MessageId, RequestId } from "../ids.ts";
import type { Content } from "./content.ts";
import type { UidRuns } from "./uid-runs.ts";

/** RFC 6154 §2, without \Flagged and \All, which are views and not places. */
export type SpecialUse = "\\Archive" | "\\Drafts" | "\\Junk" | "\\Sent" | "\\Trash";

/**
 * A flag as clients write it: the five system flags `\Seen \Answered \Flagged \Deleted \Draft`, or a keyword.
 * `\Recent` is never stored.
 */
export type Flag = string;

/**
 * What happened to an account, past tense, one meaning each. Events of one log entry happened at once; the entry's
 * `seq` is the mod-sequence of everything they touched. Paths are decoded Unicode with "/" between levels.
 */
export type AccountEvent =
  /** The user was deleted: nothing is left of the account, and nothing happens to it any more. */
  | { kind: "accountClosed" }
  | { kind: "quotaSet"; bytes: number }
  | { kind: "mailboxCreated"; mailbox: MailboxId; path: string; uidValidity: number; specialUse: SpecialUse | null }
  | { kind: "mailboxRenamed"; mailbox: MailboxId; path: string }
  | { kind: "mailboxDeleted"; mailbox: MailboxId }
  | { kind: "specialUseSet"; mailbox: MailboxId; specialUse: SpecialUse | null }
  | { kind: "subscribed"; path: string }
  | { kind: "unsubscribed"; path: string }
  | {
      kind: "appended";
      mailbox: MailboxId;
      uid: number;
      message: MessageId;
      size: number;
      /** Milliseconds since 1970; kept in whole seconds, as IMAP shows it. */
      internalDate: number;
      flags: readonly Flag[];
      content: Content;
    }
  | {
      kind: "flagsChanged";
      mailbox: MailboxId;
      uids: UidRuns;
      change: FlagChange;
      flags: readonly Flag[];
    }
  /** The i-th UID of `uids`, ascending, became `firstUid + i` in `to`; flags, date and content came along. */
  | { kind: "copied"; mailbox: MailboxId; uids: UidRuns; to: MailboxId; firstUid: number }
  /** As copied, and gone from `mailbox`. */
  | { kind: "moved"; mailbox: MailboxId; uids: UidRuns; to: MailboxId; firstUid: number }
  | { kind: "expunged"; mailbox: MailboxId; uids: UidRuns }
  /**
   * Messages that had departed are back: of those expunged from (or deleted with) mailbox `from`, the i-th of `uids`,
   * ascending, became `firstUid + i` in `to`; flags but \Deleted, date and content are what they were.
   */
  | { kind: "restored"; from: MailboxId; uids: UidRuns; to: MailboxId; firstUid: number }
  /** What departed in an entry up to `through` cannot be brought back from now on: nothing keeps it any more. */
  | { kind: "forgotten"; through: number };

export type FlagChange = "add" | "remove" | "replace";
export type EventOf<K extends AccountEvent["kind"]> = Extract<AccountEvent, { kind: K }>;

/** What one request brought about. */
export type Transaction = { readonly request: RequestId; readonly events: readonly AccountEvent[] };

/** One append: durable, true and public at once, or not at all. */
export type LogEntry = {
  readonly account: AccountId;
  /** 1, 2, 3 … without gaps; unique with `account`. */
  readonly seq: number;
  /** Milliseconds since 1970, by the clock of the node that appended. */
  readonly at: number;
  /** Names this very attempt: an append whose answer was lost recognises its own entry by it. */
  readonly batch: string;
  readonly transactions: readonly Transaction[];
  /** Of the state after this entry: 16 hex digits. */
  readonly checksum: string;
  /** The bytes that `inline` pieces of this entry point to, by index. A reader that did not ask for them gets none. */
  readonly bodies: readonly Uint8Array[];
};
