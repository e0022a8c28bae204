import type { Parameter } from "./anatomy.ts";
import { FieldCursor } from "./field-cursor.ts";
import { parseParameters } from "./parameters.ts";

export type ContentType = {
  readonly type: string;
  readonly subtype: string;
  readonly params: readonly Parameter[];
};

const tokenStops = '/;=,()<>@:\\"[]?';

/**
 * Reads the value of a Content-Type field; null where it is not `type/subtype`, and the default of the place it stands
 * in has to do. Type and subtype come in lower case.
 *
 * @see RFC 2045 §5.1 (syntax), §5.2 (what cannot be read is text/plain)
 */
export function parseContentType(value: string): ContentType | null {
  const cursor = new FieldCursor(value);
  cursor.skipBlank();
  const type = cursor.run(tokenStops);
  cursor.skipBlank();
  if (type === "" || !cursor.take("/")) return null;
  cursor.skipBlank();
  const subtype = cursor.run(tokenStops);
  if (subtype === "") return null;
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), params: parseParameters(cursor) };
}

/**
 * Reads the value of a Content-Disposition field; null where it has no disposition type.
 *
 * @see RFC 2183 §2
 */
export function parseDisposition(value: string): { value: string; params: readonly Parameter[] } | null {
  const cursor = new FieldCursor(value);
  cursor.skipBlank();
  const kind = cursor.peek() === '"' ? cursor.quoted() : cursor.run(tokenStops);
  return kind === "" ? null : { value: kind.toLowerCase(), params: parseParameters(cursor) };
}

/**
 * Reads the value of a Content-Transfer-Encoding field, lower case; null where it is not one token, and the default,
 * 7bit, has to do: `8 bit`, `quoted printable`, `text/html` say nothing.
 *
 * @see RFC 2045 §6.1
 */
export function parseTransferEncoding(value: string): string | null {
  const cursor = new FieldCursor(value);
  cursor.skipBlank();
  // Accept quotes, and a semicolon behind it: the grammar has none here, but the encoding meant is beyond doubt.
  const encoding = cursor.peek() === '"' ? cursor.quoted() : cursor.run(tokenStops);
  cursor.skipBlank();
  return encoding === "" || !(cursor.done || cursor.peek() === ";") ? null : encoding.toLowerCase();
}

/** Reads the tags of a Content-Language field (RFC 3282 §2). */
export function parseLanguages(value: string): readonly string[] {
  const cursor = new FieldCursor(value);
  const tags: string[] = [];
  while (!cursor.done) {
    cursor.skipBlank();
    const tag = cursor.run(",;()");
    if (tag !== "") tags.push(tag);
    else if (!cursor.done) cursor.at++;
  }
  return tags;
}
