import type { MailboxId, MessageId } from "../ids.ts";
import type { Content } from "./content.ts";
import type { Flag, FlagChange, SpecialUse } from "./events.ts";
import type { UidRuns } from "./uid-runs.ts";

/**
 * Wishes. Each may be refused; a refused one changes nothing. Whatever a rule needs from outside (time, new ids) is a
 * field. A path is decoded Unicode with "/" between levels; INBOX is meant in any letter case (RFC 9051 §5.1).
 */
export type AccountCommand =
  | { kind: "openAccount"; quota: number; mailboxes: readonly NewMailbox[]; at: number }
  /** For ever: its user is deleted. Everything that is wished for afterwards is refused. */
  | { kind: "closeAccount" }
  | { kind: "setQuota"; bytes: number }
  /**
   * Creates missing parents too; `ids` holds one fresh id for each level of the path. `subscribe`: to each level that is
   * made; IMAP's CREATE leaves that to the client (RFC 3501 §6.3.6).
   */
  | {
      kind: "createMailbox";
      path: string;
      specialUse?: SpecialUse;
      subscribe?: boolean;
      ids: readonly MailboxId[];
      at: number;
    }
  /**
   * Children move along. INBOX: its messages move to a new mailbox, INBOX stays (RFC 9051 §6.3.6). `subscribe`: to the
   * parents that are made; what is renamed takes its subscription along in any case.
   */
  | {
      kind: "renameMailbox";
      from: MailboxRef;
      path: string;
      subscribe?: boolean;
      ids: readonly MailboxId[];
      at: number;
    }
  | { kind: "deleteMailbox"; mailbox: MailboxRef }
  | { kind: "setSpecialUse"; mailbox: MailboxRef; specialUse: SpecialUse | null }
  | { kind: "subscribe"; path: string }
  | { kind: "unsubscribe"; path: string }
  | ({ kind: "append"; mailbox: MailboxRef } & NewMessage)
  | {
      kind: "changeFlags";
      mailbox: MailboxRef;
      uids: UidRuns;
      change: FlagChange;
      flags: readonly Flag[];
      /** RFC 7162 §3.1.3: leaves out what changed after this; the outcome names those. */
      unchangedSince?: number;
    }
  | { kind: "copy"; mailbox: MailboxRef; uids: UidRuns; to: MailboxRef }
  | { kind: "move"; mailbox: MailboxRef; uids: UidRuns; to: MailboxRef }
  /** Of `uids` (or of all), those marked \Deleted; `"any"`: marked or not. */
  | { kind: "expunge"; mailbox: MailboxRef; uids: UidRuns | "all"; which: "deleted" | "any" }
  /**
   * Brings back what was expunged from mailbox `from`, or deleted with it, under new UIDs in `to`. A message that the
   * account still has somewhere is not brought back, so a wish that comes twice is true already.
   */
  | { kind: "restore"; from: MailboxId; uids: UidRuns | "all"; to: MailboxRef }
  /** Gives up what departed in an entry up to `through`. */
  | { kind: "forget"; through: number };

export type CommandOf<K extends AccountCommand["kind"]> = Extract<AccountCommand, { kind: K }>;

/** A mailbox by its stable id, by its path, or by what it is for (falls back to INBOX where nothing has that use). */
export type MailboxRef = { readonly id: MailboxId } | { readonly path: string } | { readonly specialUse: SpecialUse };

export type NewMailbox = { readonly id: MailboxId; readonly path: string; readonly specialUse: SpecialUse | null };

export type NewMessage = {
  readonly message: MessageId;
  /** Milliseconds since 1970. */
  readonly internalDate: number;
  readonly flags: readonly Flag[];
  readonly content: Content;
};
