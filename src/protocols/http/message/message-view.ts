import { z } from "zod";
import type { AttachmentFacts, ReadableMessage } from "../../../actors/account/requests.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import { withoutComments } from "../../../domain/mime/without-comments.ts";
import { address } from "../answers.ts";
import { flagsOf, isEncrypted, sentDate, threadOf } from "./listing-view.ts";

const attachment = z.object({
  id: z.string(),
  hash: z.string(),
  filename: z.string(),
  contentType: z.string(),
  disposition: z.string(),
  transferEncoding: z.string(),
  related: z.boolean(),
  cid: z.string().optional(),
  sizeKb: z.number(),
  size: z.number(),
});

const listTarget = z.object({ name: z.string(), address: z.string() });

/** A message in full. */
export const messageDetails = z.object({
  id: z.number(),
  mailbox: z.string(),
  user: z.string(),
  envelope: z.object({ from: z.string(), rcpt: z.array(z.object({ value: z.string(), formatted: z.string() })) }),
  thread: z.string(),
  from: address,
  replyTo: z.array(address).optional(),
  to: z.array(address).optional(),
  cc: z.array(address).optional(),
  bcc: z.array(address).optional(),
  subject: z.string(),
  messageId: z.string(),
  date: z.string(),
  idate: z.string(),
  list: z.object({ id: listTarget.optional(), unsubscribe: z.array(listTarget).optional() }).optional(),
  size: z.number(),
  seen: z.boolean(),
  deleted: z.boolean(),
  flagged: z.boolean(),
  draft: z.boolean(),
  answered: z.boolean(),
  forwarded: z.boolean(),
  html: z.array(z.string()),
  text: z.string(),
  attachments: z.array(attachment),
  verificationResults: z.object({ tls: z.literal(false), spf: z.literal(false), dkim: z.literal(false) }),
  contentType: z.object({ value: z.string(), params: z.record(z.string(), z.string()) }),
  metaData: z.record(z.string(), z.unknown()),
  references: z.array(z.string()),
  files: z.array(z.unknown()),
  encrypted: z.boolean(),
});

/** A message in full, but for its texts. */
export function detailsOf(
  { summary, headers, attachments }: Omit<ReadableMessage, "shown">,
  place: { user: AccountId; mailbox: MailboxId },
): Omit<z.input<typeof messageDetails>, "html" | "text"> {
  const values = (key: string) => headers.filter((header) => header.key === key).map((header) => header.value);
  const [listId, unsubscribe] = ["list-id", "list-unsubscribe"].map((key) => values(key).map(withoutComments)[0]);
  const list = listOf(listId, unsubscribe);
  return {
    id: summary.uid,
    mailbox: place.mailbox,
    user: place.user,
    envelope: envelopeOf(values("return-path")[0], values("delivered-to")),
    thread: threadOf(summary),
    from: summary.from ? { ...summary.from } : { name: "", address: "" },
    ...(summary.replyTo.length > 0 ? { replyTo: [...summary.replyTo] } : {}),
    to: [...summary.to],
    cc: [...summary.cc],
    bcc: [...summary.bcc],
    subject: summary.subject,
    messageId: summary.messageId,
    date: sentDate(summary),
    idate: new Date(summary.internalDate).toISOString(),
    ...(list ? { list } : {}),
    size: summary.size,
    ...flagsOf(summary),
    attachments: attachments.map(attachmentOf),
    verificationResults: { tls: false, spf: false, dkim: false },
    contentType: { value: summary.contentType.value, params: { ...summary.contentType.params } },
    metaData: {},
    references: [...summary.references],
    files: [],
    encrypted: isEncrypted(summary),
  };
}

function attachmentOf(facts: AttachmentFacts): z.input<typeof attachment> {
  return {
    id: facts.id,
    hash: facts.hash,
    filename: facts.filename ?? `attachment-${Number(facts.id.replace(/\D/g, ""))}.bin`,
    contentType: facts.contentType,
    disposition: facts.disposition ?? "attachment",
    transferEncoding: facts.transferEncoding,
    related: facts.related,
    ...(facts.cid === null ? {} : { cid: facts.cid }),
    sizeKb: Math.ceil(facts.size / 1024),
    size: facts.size,
  };
}

/** Who sent it and for whom, as the trace headers of its delivery say (RFC 5321 §4.4). */
function envelopeOf(returnPath: string | undefined, deliveredTo: readonly string[]) {
  const bare = (value: string) => value.trim().replace(/^<(.*)>$/s, "$1");
  return {
    from: returnPath === undefined ? "" : bare(returnPath),
    rcpt: deliveredTo.map((value) => ({ value: bare(value), formatted: bare(value) })),
  };
}

/** List-Id (RFC 2919 §2) and List-Unsubscribe (RFC 2369 §3.2), where they are there. */
function listOf(id: string | undefined, unsubscribe: string | undefined) {
  const named = id === undefined ? null : phraseAndId(id);
  const targets = [...(unsubscribe ?? "").matchAll(/<([^<>]+)>/g)].map((found) => ({
    name: "",
    address: found[1]!.trim(),
  }));
  if (id === undefined && targets.length === 0) return null;
  return {
    ...(id === undefined
      ? {}
      : { id: named ? { name: unquoted(named.phrase), address: named.id } : { name: "", address: id.trim() } }),
    ...(targets.length > 0 ? { unsubscribe: targets } : {}),
  };
}

/** `phrase <list-id>`; null for anything else. */
function phraseAndId(value: string): { phrase: string; id: string } | null {
  const text = value.trimEnd();
  const open = text.lastIndexOf("<");
  if (open < 0 || text.indexOf(">", open) !== text.length - 1) return null;
  return { phrase: text.slice(0, open), id: text.slice(open + 1, -1) };
}

const unquoted = (text: string) => text.trim().replace(/^"(.*)"$/s, "$1");
