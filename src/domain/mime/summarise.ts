import type { Anatomy, EnvelopeAddress, Parameter, Part } from "./anatomy.ts";
import { decodeParameter, fileNameOf } from "./decode-parameter.ts";
import { valuesOf } from "./each-field.ts";
import { decodeHeaderText, decodeRaw } from "./encoded-words.ts";
import { parseDate } from "./message-date.ts";
import { parseMessageIds } from "./message-ids.ts";
import type { MailAddress, MessageSummary } from "./summary.ts";
import { decodeText, isHtml } from "./text.ts";

const introLength = 128;
/** Of the first text part, so much is looked at for the intro. */
const introBytes = 16 * 1024;
const maxReferences = 1000;

/** What a message list shows of the message with these bytes and this anatomy, decoded to Unicode. */
export function summarise(bytes: Uint8Array, anatomy: Anatomy): MessageSummary {
  const { root } = anatomy;
  const envelope = root.envelope!;
  const from = mailAddresses(envelope.from);
  return {
    from: from[0] ?? null,
    sender: mailAddresses(envelope.sender)[0] ?? null,
    replyTo: mailAddresses(envelope.replyTo),
    to: mailAddresses(envelope.to),
    cc: mailAddresses(envelope.cc),
    bcc: mailAddresses(envelope.bcc),
    subject: decodeHeaderText(envelope.subject ?? ""),
    messageId: messageIds(envelope.messageId ?? "")[0] ?? "",
    inReplyTo: messageIds(envelope.inReplyTo ?? "")[0] ?? "",
    references: references(bytes.subarray(root.header.start, root.header.end)),
    date: parseDate(envelope.date ?? "")?.at ?? null,
    intro: intro(bytes, root),
    attachments: hasAttachment(root, false),
    contentType: { value: `${root.type}/${root.subtype}`, params: decodedParams(root.params) },
  };
}

/** Members of groups count as addresses; the groups' names do not show. */
export function mailAddresses(list: readonly EnvelopeAddress[]): readonly MailAddress[] {
  const out: MailAddress[] = [];
  for (const { name, mailbox, host } of list) {
    if (host === null || mailbox === null) continue;
    const address = host === "" ? mailbox : `${mailbox}@${host}`;
    out.push({ name: name === null ? "" : decodeHeaderText(name), address: decodeRaw(address) });
  }
  return out;
}

function messageIds(value: string): readonly string[] {
  return parseMessageIds(value, maxReferences).map(decodeRaw);
}

function references(header: Uint8Array): readonly string[] {
  return messageIds(valuesOf(header, "references")[0] ?? "");
}

function intro(bytes: Uint8Array, root: Part): string {
  const part = firstText(root, (leaf) => leaf.subtype === "plain") ?? firstText(root, isHtml);
  if (part === null) return "";
  const { start, end } = part.body;
  const text = decodeText(bytes.subarray(start, Math.min(end, start + introBytes)), part, "strip");
  const folded = text.replace(/\s+/g, " ").trim();
  // Not between the halves of a surrogate pair.
  return folded.slice(0, introLength).replace(/[\ud800-\udbff]$/, "");
}

/** In order of appearance, attachments and embedded messages left aside. */
function firstText(part: Part, wanted: (leaf: Part) => boolean): Part | null {
  if (part.kind === "leaf") {
    return part.type === "text" && part.disposition?.value !== "attachment" && wanted(part) ? part : null;
  }
  if (part.kind === "message") return null;
  for (const child of part.children) {
    const found = firstText(child, wanted);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Images and the like that a multipart/related text shows are not attachments; nor are texts, unless they say so or have
 * a file name (see shown-parts.ts).
 */
function hasAttachment(part: Part, related: boolean): boolean {
  if (part.kind === "multipart") {
    return part.children.some((child, index) => hasAttachment(child, part.subtype === "related" && index > 0));
  }
  if (part.disposition?.value === "attachment") return !(related && part.id !== undefined);
  if (part.kind === "message") return true;
  return (part.type !== "text" || fileNameOf(part) !== null) && !related;
}

function decodedParams(params: readonly Parameter[]): Readonly<Record<string, string>> {
  const decoded: Record<string, string> = Object.create(null);
  for (const [name] of params) {
    const plain = name.endsWith("*") ? name.slice(0, -1) : name;
    decoded[plain] ??= decodeParameter(params, plain) ?? "";
  }
  return decoded;
}
