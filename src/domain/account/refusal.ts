import type { SpecialUse } from "./events.ts";

/**
 * Why the answer is no: protocol-neutral. Each protocol has one table that says it in its own terms, and a new kind
 * does not compile until all of them do.
 */
export type Refusal =
  /** The message would take the account past its quota. */
  | { kind: "overQuota"; quota: number; used: number }
  | { kind: "messageTooBig"; limit: number; size: number }
  | { kind: "noSuchMailbox"; path: string }
  | { kind: "noSuchMessage" }
  | { kind: "mailboxExists"; path: string }
  /** Empty level, too long, too deep, control character, below INBOX where that cannot be. */
  | { kind: "badMailboxName"; path: string; why: string }
  | { kind: "tooManyMailboxes"; limit: number }
  /** INBOX cannot be deleted. */
  | { kind: "inboxStays" }
  /** Nor can a mailbox with a special use. */
  | { kind: "specialUseStays"; specialUse: SpecialUse }
  | { kind: "badFlag"; flag: string }
  /** An internal date before 1970 or after February 2106. */
  | { kind: "badDate" }
  | { kind: "tooManyKeywords"; limit: number }
  /** One change of messages that are in more runs of UIDs than go into one log entry. */
  | { kind: "tooScattered"; limit: number }
  /** The mailbox, or the account, would hold more messages than may be. */
  | { kind: "tooManyMessages"; limit: number }
  | { kind: "uidsExhausted"; path: string }
  | { kind: "noSuchAccount" }
  | { kind: "accountExists" }
  | { kind: "accountDisabled" }
  /** The queue is full or the node is leaving; try again later. */
  | { kind: "busy"; why: string }
  /** The store has no space left; try again later. */
  | { kind: "storeFull" }
  /** The store does not answer; try again later. */
  | { kind: "unavailable"; why: string };

export type RefusalKind = Refusal["kind"];
