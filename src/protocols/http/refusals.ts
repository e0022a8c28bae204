import type { Refused } from "../../actors/account/requests.ts";
import type { Refusal, RefusalKind } from "../../domain/account/refusal.ts";
import { type FailureStatus, HttpFailure } from "./failure.ts";

/** What HTTP says when the answer is no. Codes are WildDuck's where it has one. */
export const httpRefusals = {
  overQuota: { status: 403, code: "OverQuotaError", text: "User is over quota" },
  messageTooBig: { status: 413, code: "MessageTooBig", text: "The message is larger than this server takes" },
  noSuchMailbox: { status: 404, code: "NoSuchMailbox", text: "This mailbox does not exist" },
  noSuchMessage: { status: 404, code: "MessageNotFound", text: "This message does not exist" },
  mailboxExists: { status: 400, code: "MailboxExistsError", text: "This mailbox already exists" },
  badMailboxName: { status: 400, code: "InputValidationError", text: "This is not a mailbox name" },
  tooManyMailboxes: { status: 403, code: "TooMany", text: "This user cannot have more mailboxes" },
  inboxStays: { status: 400, code: "DisallowedMailboxMethod", text: "INBOX cannot be deleted" },
  specialUseStays: {
    status: 400,
    code: "DisallowedMailboxMethod",
    text: "Mailbox deletion failed with code DisallowedMailboxMethod",
  },
  badFlag: { status: 400, code: "InputValidationError", text: "This is not a flag" },
  badDate: { status: 400, code: "InputValidationError", text: "This is not a date to be kept" },
  tooManyKeywords: { status: 403, code: "TooMany", text: "This user cannot have more keywords" },
  tooManyMessages: { status: 403, code: "TooMany", text: "The mailbox, or the user, has as many messages as it may" },
  tooScattered: {
    status: 403,
    code: "TooMany",
    text: "Too many messages that do not follow each other in one request",
  },
  uidsExhausted: { status: 403, code: "UidsExhausted", text: "This mailbox cannot number more messages" },
  noSuchAccount: { status: 404, code: "UserNotFound", text: "This user does not exist" },
  accountExists: { status: 400, code: "UserExistsError", text: "This account already exists" },
  accountDisabled: { status: 403, code: "UserDisabled", text: "User account is disabled" },
  busy: { status: 503, code: "ServerBusy", text: "The server is busy, try again later", retryAfter: 2 },
  storeFull: {
    status: 507,
    code: "StorageFull",
    text: "The server has no space left, try again later",
    retryAfter: 60,
  },
  unavailable: {
    status: 503,
    code: "ServiceUnavailable",
    text: "The server cannot do this at the moment, try again later",
    retryAfter: 5,
  },
} as const satisfies Record<RefusalKind, { status: FailureStatus; code: string; text: string; retryAfter?: number }>;

/** The failure that tells a client about a refusal. */
export function refusalFailure(refusal: Refusal): HttpFailure {
  const answer: { status: FailureStatus; code: string; text: string; retryAfter?: number } = httpRefusals[refusal.kind];
  const details = detailsOf(refusal);
  return new HttpFailure(
    answer.status,
    answer.code,
    details ? `${answer.text}: ${Object.values(details)[0]}` : answer.text,
    {
      ...(answer.retryAfter === undefined ? {} : { retryAfter: answer.retryAfter }),
      ...(details ? { details } : {}),
    },
  );
}

function detailsOf(refusal: Refusal): Record<string, string> | undefined {
  if (refusal.kind === "badMailboxName") return { path: refusal.why };
  if (refusal.kind === "badFlag") return { flag: refusal.flag };
  if (refusal.kind === "badDate") return { date: "must be from 1970 to 2106" };
  return undefined;
}

/** The answer, or the refusal as a thrown failure. */
export function granted<T extends { readonly ok: boolean }>(answer: T): Exclude<T, Refused> {
  if (!answer.ok) throw refusalFailure((answer as unknown as Refused).refusal);
  return answer as Exclude<T, Refused>;
}
