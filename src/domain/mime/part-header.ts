import { parseAddresses } from "./addresses.ts";
import type { Envelope, EnvelopeAddress, Part } from "./anatomy.ts";
import { binaryString } from "./binary-string.ts";
import { parseContentType, parseDisposition, parseLanguages, parseTransferEncoding } from "./content-type.ts";

/** What a part's own header says of it. */
export type PartHeader = Pick<
  Part,
  | "type"
  | "subtype"
  | "params"
  | "encoding"
  | "id"
  | "description"
  | "md5"
  | "disposition"
  | "languages"
  | "location"
  | "envelope"
>;

/**
 * What one message, all of its parts together, may still keep of its header fields: bytes of values, and addresses
 * (which grow manifold when written out). What is beyond is left out, so that what is kept about a message is bounded.
 */
export type Budget = { bytes: number; addresses: number };

/** Longer values are cut: no mailer sends them, and 5,000 recipients still fit. */
const maxValue = 128 * 1024;

/** Of one field. */
const maxAddresses = 4096;

const contentFields = [
  "content-type",
  "content-transfer-encoding",
  "content-id",
  "content-description",
  "content-disposition",
  "content-language",
  "content-location",
  "content-md5",
] as const;
const addressFields = ["from", "sender", "reply-to", "to", "cc", "bcc"] as const;
const textFields = ["date", "subject", "in-reply-to", "message-id"] as const;
type FieldName = (typeof contentFields)[number] | (typeof addressFields)[number] | (typeof textFields)[number];

const known = new Map<string, FieldName>(
  [...contentFields, ...addressFields, ...textFields].map((name) => [name, name]),
);
const longestName = 25;
const initials = new Uint8Array(256);
for (const name of known.keys()) initials[name.charCodeAt(0)] = initials[name.charCodeAt(0) - 32] = 1;

/**
 * Gathers, line by line, those fields of one header that IMAP shows in ENVELOPE and BODYSTRUCTURE. Of repeated fields
 * the first Content-… counts; address fields are joined; of the other ones the last counts (as Dovecot rules where the
 * RFCs, which forbid repeats, are silent).
 */
export class HeaderReader {
  readonly #values = new Map<FieldName, string>();
  readonly #budget: Budget;
  readonly #ofMessage: boolean;
  #field: FieldName | null = null;
  #value = "";

  /** `ofMessage`: a message's header, which has an envelope, and not merely a part's. */
  constructor(ofMessage: boolean, budget: Budget) {
    this.#ofMessage = ofMessage;
    this.#budget = budget;
  }

  /** The first line of a field, or as much of it as is at hand (its name at least, if that is one to keep). */
  begin(bytes: Uint8Array, from: number, to: number): void {
    if (this.#field !== null) this.#keep();
    if (initials[bytes[from]!] === 0) return;
    let colon = from;
    const limit = Math.min(to, from + longestName + 8);
    while (colon < limit && bytes[colon] !== 58) colon++;
    if (colon === limit) return;
    let end = colon;
    // Accept blanks before the colon (RFC 5322 §4.5, obsolete).
    while (bytes[end - 1] === 32 || bytes[end - 1] === 9) end--;
    const name = known.get(binaryString(bytes, from, end).toLowerCase());
    if (name === undefined || (!this.#ofMessage && !name.startsWith("content-"))) return;
    this.#field = name;
    this.#value = "";
    this.more(bytes, colon + 1, to);
  }

  /** What follows of the same field: the rest of its line, or a folded one. */
  more(bytes: Uint8Array, from: number, to: number): void {
    if (this.#field === null) return;
    const room = Math.min(maxValue - this.#value.length, this.#budget.bytes, to - from);
    if (room <= 0) return;
    this.#budget.bytes -= room;
    this.#value += binaryString(bytes, from, from + room);
  }

  /** All there is to know; `inDigest`: the part's default type is message/rfc822 (RFC 2046 §5.1.5). */
  finish(inDigest: boolean): PartHeader {
    if (this.#field !== null) this.#keep();
    const values = this.#values;
    const typeField = values.get("content-type");
    const type = typeField === undefined ? null : parseContentType(typeField);
    const header: Mutable<PartHeader> = {
      type: type?.type ?? (inDigest && typeField === undefined ? "message" : "text"),
      subtype: type?.subtype ?? (inDigest && typeField === undefined ? "rfc822" : "plain"),
      params: type?.params ?? [],
      encoding: parseTransferEncoding(values.get("content-transfer-encoding") ?? "") ?? "7bit",
    };
    if (this.#ofMessage) header.envelope = this.#envelope();
    if (values.size === 0) return header;
    const id = values.get("content-id");
    if (id !== undefined) header.id = id;
    const description = values.get("content-description");
    if (description !== undefined) header.description = description;
    const md5 = values.get("content-md5");
    if (md5 !== undefined) header.md5 = md5;
    const disposition = parseDisposition(values.get("content-disposition") ?? "");
    if (disposition !== null) header.disposition = disposition;
    const languages = parseLanguages(values.get("content-language") ?? "");
    if (languages.length > 0) header.languages = languages;
    const location = values.get("content-location");
    if (location !== undefined) header.location = location;
    return header;
  }

  #keep(): void {
    const name = this.#field!;
    const value = unfold(this.#value);
    const earlier = this.#values.get(name);
    this.#field = null;
    if (
      earlier === undefined ||
      name === "date" ||
      name === "subject" ||
      name === "in-reply-to" ||
      name === "message-id"
    )
      this.#values.set(name, value);
    else if (!name.startsWith("content-")) this.#values.set(name, `${earlier}, ${value}`);
  }

  #envelope(): Envelope {
    const from = this.#addresses("from");
    const sender = this.#addresses("sender");
    const replyTo = this.#addresses("reply-to");
    return {
      date: this.#values.get("date") ?? null,
      subject: this.#values.get("subject") ?? null,
      from,
      sender,
      replyTo,
      to: this.#addresses("to"),
      cc: this.#addresses("cc"),
      bcc: this.#addresses("bcc"),
      inReplyTo: this.#values.get("in-reply-to") ?? null,
      messageId: this.#values.get("message-id") ?? null,
    };
  }

  #addresses(name: FieldName): readonly EnvelopeAddress[] {
    const value = this.#values.get(name);
    if (value === undefined || this.#budget.addresses <= 0) return none;
    const list = parseAddresses(value, Math.min(maxAddresses, this.#budget.addresses));
    this.#budget.addresses -= list.length;
    return list;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
const none: readonly EnvelopeAddress[] = [];

/** The value of a field without its line ends and without the blanks around it (RFC 5322 §2.2.3). */
export function unfold(value: string): string {
  const flat = value.includes("\n") ? value.replace(/\r?\n/g, "") : value;
  let start = 0;
  let end = flat.length;
  while (start < end && isBlank(flat.charCodeAt(start))) start++;
  while (end > start && isBlank(flat.charCodeAt(end - 1))) end--;
  return start === 0 && end === flat.length ? flat : flat.slice(start, end);
}

function isBlank(char: number): boolean {
  return char === 32 || char === 9 || char === 13;
}
