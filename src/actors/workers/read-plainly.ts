import { createHash } from "node:crypto";
import type { Part } from "../../domain/mime/anatomy.ts";
import { decodeParameter } from "../../domain/mime/decode-parameter.ts";
import { eachField } from "../../domain/mime/each-field.ts";
import { decodeHeaderText } from "../../domain/mime/encoded-words.ts";
import { parseMessage } from "../../domain/mime/parse.ts";
import { decodeText, isHtml } from "../../domain/mime/text.ts";
import { decodeTransfer } from "../../domain/mime/transfer-decoder.ts";
import type { AttachmentFacts } from "../account/requests.ts";
import { attachmentId } from "./attachment-id.ts";
import type { DecodedAttachment, ReadableContent } from "./readable.ts";

const headerOctets = 64 * 1024;
const textOctets = 256 * 1024;
const mostTexts = 10;
const mostAttachments = 1_000;

/**
 * A message that mailparser cannot read, as well as can be told without it: the first fields of its header, the
 * beginning of its texts, and its attachments. Takes a time that the message cannot choose.
 */
export function readPlainly(message: Uint8Array): ReadableContent {
  const { root } = parseMessage(message);
  const header = message.subarray(root.header.start, Math.min(root.header.end, root.header.start + headerOctets));
  const headers = [...eachField(header)].map(({ name, value }) => ({
    key: name.toLowerCase(),
    value: decodeHeaderText(value).trim(),
  }));
  const { texts, attachments } = divided(root);
  const textOf = (part: Part, html: "strip" | "keep"): string => {
    const { start, end } = part.body;
    return decodeText(message.subarray(start, Math.min(end, start + textOctets)), part, html);
  };
  const plain = texts.filter((part) => !isHtml(part));
  const html = texts.filter(isHtml).slice(0, mostTexts);
  return {
    headers,
    text: (plain.length > 0 ? plain.slice(0, mostTexts) : html).map((part) => textOf(part, "strip")).join("\n"),
    html: html.length > 0 ? [html.map((part) => textOf(part, "keep")).join("<br/>\n")] : [],
    attachments: attachments.map((part, at) => factsOf(part, at, decoded(message, part))),
  };
}

/** One attachment of those that `readPlainly` tells of. */
export function attachmentPlainly(message: Uint8Array, id: string): DecodedAttachment | null {
  const { attachments } = divided(parseMessage(message).root);
  const at = attachments.findIndex((_, index) => attachmentId(index) === id);
  if (at < 0) return null;
  const bytes = decoded(message, attachments[at]!);
  return { facts: factsOf(attachments[at]!, at, bytes), bytes };
}

/** What is shown, and what is attached: everything else, embedded messages whole. */
function divided(root: Part): { texts: Part[]; attachments: Part[] } {
  const texts: Part[] = [];
  const attachments: Part[] = [];
  const visit = (part: Part): void => {
    if (part.kind === "multipart") part.children.forEach(visit);
    else if (part.type === "text" && part.disposition?.value !== "attachment") texts.push(part);
    else if (attachments.length < mostAttachments) attachments.push(part);
  };
  visit(root);
  return { texts, attachments };
}

function decoded(message: Uint8Array, { body, encoding }: Part): Uint8Array {
  return new Uint8Array(decodeTransfer(message.subarray(body.start, body.end), encoding));
}

function factsOf(part: Part, at: number, bytes: Uint8Array): AttachmentFacts {
  const { disposition, params } = part;
  return {
    id: attachmentId(at),
    filename: decodeParameter(disposition?.params ?? [], "filename") ?? decodeParameter(params, "name"),
    contentType: `${part.type}/${part.subtype}`,
    disposition: disposition?.value ?? null,
    transferEncoding: part.encoding,
    related: false,
    cid: part.id ?? null,
    size: bytes.length,
    hash: createHash("sha256").update(bytes).digest("hex"),
  };
}
