import { parseAddresses } from "../mime/addresses.ts";
import { eachField } from "../mime/each-field.ts";
import { decodeHeaderText, decodeRaw } from "../mime/encoded-words.ts";
import { parseDate } from "../mime/message-date.ts";
import { foldText } from "./fold-text.ts";

const addressFields = new Set([
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "bcc",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-cc",
  "resent-bcc",
]);

/**
 * One message's header as searches see it: values unfolded, encoded words decoded (RFC 2047), folded for comparing.
 * A field is decoded when it is first asked for.
 */
export class HeaderText {
  readonly #fields: { readonly name: string; readonly value: string; folded: readonly string[] | null }[] = [];
  #lines: readonly string[] | null = null;

  constructor(header: Uint8Array) {
    for (const { name, value } of eachField(header))
      this.#fields.push({ name: name.toLowerCase(), value, folded: null });
  }

  /** Whether a field of this name (lower case) holds `needle` (folded); "": is there at all. */
  fieldHas(name: string, needle: string): boolean {
    for (const field of this.#fields) {
      if (field.name !== name) continue;
      field.folded ??= forms(name, field.value).map(foldText);
      if (needle === "" || field.folded.some((form) => form.includes(needle))) return true;
    }
    return false;
  }

  /** Whether any field, its name included, holds `needle` (folded). */
  has(needle: string): boolean {
    this.#lines ??= this.#fields.flatMap(({ name, value }) =>
      forms(name, value).map((form) => foldText(`${name}: ${form}`)),
    );
    return this.#lines.some((line) => line.includes(needle));
  }

  /** Days since 1970-01-01 of the Date field as written, its zone disregarded; null where it cannot be read. */
  sentDay(): number | null {
    const field = this.#fields.find(({ name }) => name === "date");
    return field === undefined ? null : (parseDate(field.value)?.day ?? null);
  }
}

/**
 * The decoded value; of address fields each address besides, in the form `name <mailbox@host>`, since quotes, escapes
 * and comments of the raw value are not what people look for.
 */
function forms(name: string, value: string): readonly string[] {
  const decoded = decodeHeaderText(value);
  if (!addressFields.has(name)) return [decoded];
  const list = parseAddresses(value).flatMap(({ name: display, mailbox, host }) => {
    if (mailbox === null) return [];
    if (host === null) return [decodeHeaderText(mailbox)];
    const address = decodeRaw(`${mailbox}@${host}`);
    return [display === null ? address : `${decodeHeaderText(display)} <${address}>`];
  });
  return [decoded, ...list];
}
