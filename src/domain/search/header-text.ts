import { parseAddresses } from "../mime/addresses.ts";
import { eachField, valuesOf } from "../mime/each-field.ts";
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

/** Up to so many fields are looked for one by one. */
const fewFields = 5;

/** Divides what a match may not reach across; no client can ask for it (RFC 9051 §4.3). */
const divider = "\0";

/**
 * Header text as searches compare it: folded for letter case, and any run of blanks is one space, since whether a line was
 * folded with a tab or with spaces is not what people see.
 */
export function foldHeaderText(text: string): string {
  return foldText(text.replace(/[ \t]+/g, " "));
}

/**
 * One message's header as searches see it: values unfolded, encoded words decoded (RFC 2047), folded for comparing.
 * Only what is asked for is decoded.
 */
export class HeaderText {
  readonly #header: Uint8Array;
  readonly #fields = new Map<string, string | null>();
  #all: string | null = null;
  /** Where many fields are asked for, all of them, read once. */
  #values: Map<string, string[]> | null = null;

  constructor(header: Uint8Array) {
    this.#header = header;
  }

  /** Whether a field of this name (lower case) holds `needle` (by foldHeaderText); "": is there at all. */
  fieldHas(name: string, needle: string): boolean {
    let text = this.#fields.get(name);
    if (text === undefined) {
      const values = this.#valuesOf(name);
      text = values.length === 0 ? null : foldHeaderText(values.flatMap((value) => forms(name, value)).join(divider));
      this.#fields.set(name, text);
    }
    return text !== null && !needle.includes(divider) && text.includes(needle);
  }

  #valuesOf(name: string): readonly string[] {
    if (this.#fields.size < fewFields) return valuesOf(this.#header, name);
    if (this.#values === null) {
      this.#values = new Map();
      for (const { name: each, value } of eachField(this.#header)) {
        const known = this.#values.get(each.toLowerCase());
        if (known) known.push(value);
        else this.#values.set(each.toLowerCase(), [value]);
      }
    }
    return this.#values.get(name) ?? [];
  }

  /** Whether any field, its name included, holds `needle` (by foldHeaderText). */
  has(needle: string): boolean {
    if (this.#all === null) {
      const lines: string[] = [];
      for (const { name, value } of eachField(this.#header)) {
        for (const form of forms(name.toLowerCase(), value)) lines.push(`${name}: ${form}`);
      }
      this.#all = foldHeaderText(lines.join(divider));
    }
    return !needle.includes(divider) && this.#all.includes(needle);
  }

  /** Days since 1970-01-01 of the Date field as written (the last one, as in ENVELOPE), its zone disregarded; null where it cannot be read. */
  sentDay(): number | null {
    return parseDate(valuesOf(this.#header, "date").at(-1) ?? "")?.day ?? null;
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
