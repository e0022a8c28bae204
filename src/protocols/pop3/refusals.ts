import type { RefusalKind } from "../../domain/account/refusal.ts";

/**
 * Response codes: SYS/TEMP and SYS/PERM say whether trying again will help, AUTH that the credentials are wrong
 * (RFC 3206), IN-USE and LOGIN-DELAY that the client is to come back later (RFC 2449 §8).
 */
export type ResponseCode = "AUTH" | "SYS/TEMP" | "SYS/PERM" | "IN-USE" | "LOGIN-DELAY";

/** What POP3 says to each refusal. */
export const pop3Refusals = {
  overQuota: { code: "SYS/PERM", text: "Mailbox is full" },
  messageTooBig: { code: "SYS/PERM", text: "Message is too large" },
  noSuchMailbox: { code: "SYS/TEMP", text: "Mailbox is not ready, try again later" },
  noSuchMessage: { code: "SYS/PERM", text: "Message does not exist any more" },
  mailboxExists: { code: "SYS/PERM", text: "Mailbox already exists" },
  badMailboxName: { code: "SYS/PERM", text: "Mailbox name is not possible" },
  tooManyMailboxes: { code: "SYS/PERM", text: "Too many mailboxes" },
  inboxStays: { code: "SYS/PERM", text: "INBOX cannot be deleted" },
  specialUseStays: { code: "SYS/PERM", text: "A mailbox with a special use cannot be deleted" },
  badFlag: { code: "SYS/PERM", text: "Flag is not possible" },
  badDate: { code: "SYS/PERM", text: "Date is not possible" },
  tooManyKeywords: { code: "SYS/PERM", text: "Too many different keywords" },
  tooManyMessages: { code: "SYS/PERM", text: "Mailbox has as many messages as it may" },
  tooScattered: { code: "SYS/PERM", text: "Too many messages that do not follow each other at once" },
  uidsExhausted: { code: "SYS/PERM", text: "Mailbox has no UIDs left" },
  noSuchAccount: { code: "SYS/PERM", text: "Account does not exist any more" },
  accountExists: { code: "SYS/PERM", text: "Account already exists" },
  accountDisabled: { code: "SYS/PERM", text: "Account is disabled" },
  busy: { code: "SYS/TEMP", text: "Server is busy, try again later" },
  storeFull: { code: "SYS/TEMP", text: "Mail store has no space left, try again later" },
  unavailable: { code: "SYS/TEMP", text: "Mail store is not available, try again later" },
} as const satisfies Record<RefusalKind, { code: ResponseCode; text: string }>;
