import type { RefusalKind } from "../../domain/account/refusal.ts";

/** A reply line: `code`, and text that begins with its enhanced status code. */
export type Reply = { readonly code: number; readonly text: string };

/**
 * What LMTP says for each refusal. 4xx leaves the message in the MTA's queue, 5xx sends it back to its sender; so
 * whatever an operator or the user can mend soon, or is our own fault, is 4xx.
 *
 * @see RFC 3463 (enhanced status codes), RFC 5321 §4.2.3
 */
export const lmtpRefusals = {
  overQuota: { code: 552, text: "5.2.2 Mailbox is full" },
  messageTooBig: { code: 552, text: "5.3.4 Message is too big" },
  noSuchMailbox: { code: 451, text: "4.2.0 Mailbox is not ready, try again later" },
  noSuchMessage: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  mailboxExists: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  badMailboxName: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  tooManyMailboxes: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  inboxStays: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  specialUseStays: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  badFlag: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  badDate: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  tooManyKeywords: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  tooManyMessages: { code: 552, text: "5.2.2 Mailbox has as many messages as it may" },
  tooScattered: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  uidsExhausted: { code: 552, text: "5.2.2 Mailbox can take no more messages" },
  noSuchAccount: { code: 550, text: "5.1.1 No such user" },
  accountExists: { code: 451, text: "4.3.0 Cannot deliver now, try again later" },
  accountDisabled: { code: 550, text: "5.2.1 Mailbox is disabled" },
  busy: { code: 451, text: "4.3.2 Mailbox is busy, try again later" },
  storeFull: { code: 452, text: "4.3.1 Mail system is full, try again later" },
  unavailable: { code: 451, text: "4.3.0 Storage is not available, try again later" },
} as const satisfies Record<RefusalKind, Reply>;

/** As many messages are on their way as get through in time. */
export const overloaded: Reply = { code: 451, text: "4.3.2 Server is busy, try again later" };
export const tooBig: Reply = lmtpRefusals.messageTooBig;
/** Something of ours failed; the log knows what. */
export const failed: Reply = { code: 451, text: "4.3.0 Cannot deliver now, try again later" };
