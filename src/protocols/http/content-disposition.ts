/**
 * `attachment; filename="…"; filename*=UTF-8''…` for any file name: the quoted form keeps what ASCII can say, the other
 * is exact. Nothing in a name can end the value or the header.
 *
 * @see RFC 6266 §4.1, §5; RFC 8187 §3.2
 */
export function attachmentDisposition(filename: string | null): string {
  if (!filename) return "attachment";
  const name = filename
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, 255)
    .toWellFormed();
  const simple = name.replace(/[^\x20-\x7e]/g, "_").replace(/["\\%/]/g, "_");
  const exact = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return simple === name
    ? `attachment; filename="${simple}"`
    : `attachment; filename="${simple}"; filename*=UTF-8''${exact}`;
}

const mediaType = /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/i;

/** The media type of an attachment if it is one, else application/octet-stream: it came from a stranger. */
export function safeMediaType(contentType: string): string {
  const value = contentType.trim();
  return mediaType.test(value) ? value.toLowerCase() : "application/octet-stream";
}
