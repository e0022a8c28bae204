import { createHash } from "node:crypto";
import { z } from "zod";
import type { Summaries } from "../../../actors/account/requests.ts";
import type { MailboxId } from "../../../domain/ids.ts";
import { address } from "../answers.ts";

export type Summary = Summaries["messages"][number];

const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** A message in a list. */
export const messageListing = z.object({
  id: z.number(),
  mailbox: z.string(),
  thread: z.string(),
  from: address.optional(),
  to: z.array(address),
  cc: z.array(address),
  bcc: z.array(address),
  messageId: z.string(),
  subject: z.string(),
  date: z.string(),
  idate: z.string(),
  intro: z.string(),
  attachments: z.boolean(),
  size: z.number(),
  seen: z.boolean(),
  deleted: z.boolean(),
  flagged: z.boolean(),
  draft: z.boolean(),
  answered: z.boolean(),
  forwarded: z.boolean(),
  // Beyond WildDuck's: the words beside the flags.
  keywords: z.array(z.string()),
  references: z.array(z.string()),
  contentType: z.object({ value: z.string(), params: z.record(z.string(), z.string()) }),
  encrypted: z.boolean(),
  metaData: z.record(z.string(), z.unknown()).optional(),
  headers: headers.optional(),
});

export type ListingHeaders = z.output<typeof headers>;

export function listingOf(
  message: Summary,
  mailbox: MailboxId,
  show: { metaData?: boolean; headers?: ListingHeaders },
): z.output<typeof messageListing> {
  return {
    id: message.uid,
    mailbox,
    thread: threadOf(message),
    ...(message.from ? { from: { ...message.from } } : {}),
    to: [...message.to],
    cc: [...message.cc],
    bcc: [...message.bcc],
    messageId: message.messageId,
    subject: message.subject,
    date: sentDate(message),
    idate: new Date(message.internalDate).toISOString(),
    intro: message.intro,
    attachments: message.attachments,
    size: message.size,
    ...flagsOf(message),
    keywords: message.flags.filter((flag) => !flag.startsWith("\\")),
    references: [...message.references],
    contentType: { value: message.contentType.value, params: { ...message.contentType.params } },
    encrypted: isEncrypted(message),
    ...(show.metaData ? { metaData: {} } : {}),
    ...(show.headers ? { headers: show.headers } : {}),
  };
}

export function flagsOf({ flags }: Summary) {
  const has = new Set(flags.map((flag) => flag.toLowerCase()));
  return {
    seen: has.has("\\seen"),
    deleted: has.has("\\deleted"),
    flagged: has.has("\\flagged"),
    draft: has.has("\\draft"),
    answered: has.has("\\answered"),
    forwarded: has.has("$forwarded"),
  };
}

/** When it was sent, by its Date field if that is a date, else when it arrived. */
export function sentDate({ date, internalDate }: Summary): string {
  const sent = new Date(date ?? Number.NaN);
  return (Number.isNaN(sent.getTime()) ? new Date(internalDate) : sent).toISOString();
}

/** By its own word: nothing of it is decrypted (RFC 1847 §2.2, RFC 8551 §3.2). */
export function isEncrypted({ contentType }: Summary): boolean {
  if (contentType.value === "multipart/encrypted") return true;
  const type = contentType.params["smime-type"]?.toLowerCase();
  return /^application\/(x-)?pkcs7-mime$/.test(contentType.value) && type !== "signed-data" && type !== "certs-only";
}

/**
 * 24 hex digits that the messages of a conversation share: they all name the message that began it, first in
 * References (RFC 5322 §3.6.4).
 */
export function threadOf({ references, inReplyTo, messageId, message }: Summary): string {
  const root = references[0] || inReplyTo || messageId || message;
  return createHash("sha256").update(root).digest("hex").slice(0, 24);
}
