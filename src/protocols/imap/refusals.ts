import type { Refusal, RefusalKind } from "../../domain/account/refusal.ts";

/** What IMAP says to each refusal: a response code of RFC 5530 (or 7889, 9208) and words for people. */
export const imapRefusals = {
  overQuota: { code: "OVERQUOTA", text: "Mailbox is full" },
  messageTooBig: { code: "TOOBIG", text: "Message is too large" },
  noSuchMailbox: { code: "NONEXISTENT", text: "No such mailbox" },
  noSuchMessage: { code: "NONEXISTENT", text: "No such message" },
  mailboxExists: { code: "ALREADYEXISTS", text: "Mailbox already exists" },
  badMailboxName: { code: "CANNOT", text: "Mailbox name is not possible" },
  tooManyMailboxes: { code: "LIMIT", text: "Too many mailboxes" },
  inboxStays: { code: "CANNOT", text: "INBOX cannot be deleted" },
  specialUseStays: { code: "CANNOT", text: "A mailbox with a special use cannot be deleted" },
  badFlag: { code: "CANNOT", text: "Flag is not possible" },
  badDate: { code: "CANNOT", text: "Date is not possible: it must be from 1970 to 2106" },
  tooManyKeywords: { code: "LIMIT", text: "Too many different keywords" },
  tooManyMessages: { code: "LIMIT", text: "Mailbox has as many messages as it may" },
  tooScattered: { code: "LIMIT", text: "Too many messages that do not follow each other in one command" },
  uidsExhausted: { code: "LIMIT", text: "Mailbox has no UIDs left" },
  noSuchAccount: { code: "UNAVAILABLE", text: "Account does not exist any more" },
  accountExists: { code: "ALREADYEXISTS", text: "Account already exists" },
  accountDisabled: { code: "CONTACTADMIN", text: "Account is disabled" },
  busy: { code: "UNAVAILABLE", text: "Server is busy, try again later" },
  storeFull: { code: "UNAVAILABLE", text: "Mail store has no space left, try again later" },
  unavailable: { code: "UNAVAILABLE", text: "Mail store is not available, try again later" },
} as const satisfies Record<RefusalKind, { code: string; text: string }>;

/**
 * `target`: the mailbox to put messages into; where it is missing the client may create it and try again
 * (RFC 3501 §6.3.11, §6.4.7).
 */
export type RefusedObject = "target" | "mailbox";

/** Code and text of a `NO`. */
export function refusalReply(refusal: Refusal, object: RefusedObject): { code: string; text: string } {
  const { code, text } = imapRefusals[refusal.kind];
  if (refusal.kind === "noSuchMailbox" && object === "target") return { code: "TRYCREATE", text };
  if (refusal.kind === "badMailboxName") return { code, text: `${text}: ${refusal.why}` };
  return { code, text };
}
