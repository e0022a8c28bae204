import { createHash } from "node:crypto";
import type { Envelope, Part } from "../../domain/mime/anatomy.ts";
import { isDecodedQuickly } from "../../domain/mime/charset.ts";
import { decodeParameter, fileNameOf } from "../../domain/mime/decode-parameter.ts";
import { eachField } from "../../domain/mime/each-field.ts";
import { decodeHeaderText, decodeRaw } from "../../domain/mime/encoded-words.ts";
import { unflow } from "../../domain/mime/flowed.ts";
import { HtmlText } from "../../domain/mime/html-text.ts";
import { parseMessageIds } from "../../domain/mime/message-ids.ts";
import { parseMessage } from "../../domain/mime/parse.ts";
import { type Attached, shownParts } from "../../domain/mime/shown-parts.ts";
import { mailAddresses } from "../../domain/mime/summarise.ts";
import { decodeText, isHtml } from "../../domain/mime/text.ts";
import { decodeTransfer } from "../../domain/mime/transfer-decoder.ts";
import type { AttachmentFacts } from "../account/requests.ts";
import { attachmentId } from "./attachment-id.ts";
import type { DecodedAttachment, ReadableContent } from "./readable.ts";

/** Of the header so many octets are read. */
const headerOctets = 64 * 1024;
/** Of texts that take long to read, HTML and what the platform does not decode, so many octets together. */
const slowOctets = 4 * 1024 * 1024;
const mostAttachments = 1_000;

/**
 * A message as people read it: the fields of its header, its texts as plain text and as HTML, and its attachments. Plain
 * texts are in the HTML too, except where an alternative has HTML in their place, and so the other way round; links in
 * the HTML stay `cid:` links, since whoever shows it decides where they lead. Takes a time in proportion to the message.
 */
export function readMessage(message: Uint8Array): ReadableContent {
  const { root } = parseMessage(message);
  const header = message.subarray(root.header.start, Math.min(root.header.end, root.header.start + headerOctets));
  const headers = [...eachField(header)].map(({ name, value }) => ({
    key: name.toLowerCase(),
    value: decodeHeaderText(value).trim(),
  }));
  const { texts, attachments } = shownParts(root);
  const parts = texts.flatMap((shown) => ("part" in shown ? [shown.part] : []));
  const hasHtml = parts.some(isHtml);
  const hasPlain = !parts.every(isHtml);
  const text: string[] = [];
  const html: string[] = [];
  let left = slowOctets;
  for (const shown of texts) {
    if (!("part" in shown)) {
      const heading = headingOf(shown);
      text.push(`\n${heading}\n`);
      if (hasHtml) html.push(asHtml(heading));
      continue;
    }
    const { part, twin } = shown;
    const { start, end } = part.body;
    const quick = !isHtml(part) && isDecodedQuickly(decodeParameter(part.params, "charset") ?? "");
    const octets = message.subarray(start, quick ? end : Math.min(end, start + left));
    // So does putting flowed text together: more of it than that stays as it is.
    const flowed = isFlowed(part) && octets.length <= left;
    if (!quick || flowed) left -= octets.length;
    const content = decodeText(octets, part, "keep").replaceAll("\r\n", "\n");
    if (isHtml(part)) {
      html.push(content);
      if (!twin || !hasPlain) text.push(linesOf(content));
    } else {
      const plain = flowed ? unflow(content, hasParameter(part, "delsp", "yes")) : content;
      text.push(plain);
      if (hasHtml && !twin) html.push(asHtml(plain));
    }
  }
  return {
    headers,
    text: text.join("\n"),
    html: hasHtml ? [html.join("<br/>\n")] : [],
    attachments: attachments
      .slice(0, mostAttachments)
      .map((attached, at) => factsOf(attached, at, decoded(message, attached.part))),
  };
}

/** One attachment of those that `readMessage` tells of, decoded; null where there is no such one. */
export function readAttachment(message: Uint8Array, id: string): DecodedAttachment | null {
  const attachments = shownParts(parseMessage(message).root).attachments.slice(0, mostAttachments);
  const at = attachments.findIndex((_, index) => attachmentId(index) === id);
  if (at < 0) return null;
  const bytes = decoded(message, attachments[at]!.part);
  return { facts: factsOf(attachments[at]!, at, bytes), bytes };
}

function isFlowed(part: Part): boolean {
  return !isHtml(part) && hasParameter(part, "format", "flowed");
}

function hasParameter({ params }: Part, name: string, value: string): boolean {
  return decodeParameter(params, name)?.toLowerCase() === value;
}

function linesOf(html: string): string {
  const text = new HtmlText("lines");
  return (text.write(html) + text.end()).trimEnd();
}

/** Plain text as HTML: paragraphs where it has empty lines. */
function asHtml(text: string): string {
  const escaped = text.trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<p>${escaped.replace(/\n\n+/g, "</p><p>").replaceAll("\n", "<br/>")}</p>`;
}

/** What an embedded message says of itself before its text. */
function headingOf({ from, subject, date, to, cc }: Envelope): string {
  const people = (list: Envelope["from"]) =>
    mailAddresses(list)
      .map(({ name, address }) => (name === "" ? address : `${name} <${address}>`))
      .join(", ");
  const lines = [
    ["From", people(from)],
    ["Subject", decodeHeaderText(subject ?? "")],
    ["Date", decodeRaw(date ?? "")],
    ["To", people(to)],
    ["Cc", people(cc)],
  ];
  return lines.flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`])).join("\n");
}

function decoded(message: Uint8Array, { body, encoding }: Part): Uint8Array {
  return new Uint8Array(decodeTransfer(message.subarray(body.start, body.end), encoding));
}

function factsOf({ part, related }: Attached, at: number, bytes: Uint8Array): AttachmentFacts {
  const { disposition, id } = part;
  return {
    id: attachmentId(at),
    filename: fileNameOf(part),
    contentType: `${part.type}/${part.subtype}`,
    disposition: disposition?.value ?? null,
    transferEncoding: part.encoding,
    related,
    cid: id === undefined ? null : (parseMessageIds(id, 1)[0] ?? id),
    size: bytes.length,
    hash: createHash("sha256").update(bytes).digest("hex"),
  };
}
