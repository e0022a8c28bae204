/** An attachment's octets, and the type that came with them, if one did; or why the text is none of its encoding. */
export type AttachmentContent = { readonly octets: Buffer; readonly contentType?: string } | { readonly why: string };

/**
 * Reads the text that a client sends for an attachment. What is no Base64 is not guessed at: the octets would be others
 * than the client's. A `data:` URI (RFC 2397) is taken for the data it holds, for that is what browsers make of files.
 */
export function readContent(text: string, encoding: BufferEncoding): AttachmentContent {
  switch (encoding) {
    case "base64":
      return /^\s*data:/i.test(text.slice(0, 64)) ? readDataUri(text.trim()) : readBase64(text);
    case "hex":
      if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) return { why: "is not hexadecimal" };
      return { octets: Buffer.from(text, "hex") };
    case "latin1":
    case "binary":
      if (/[^\0-\xff]/.test(text)) return { why: `has characters that are not in ${encoding}` };
      return { octets: Buffer.from(text, "latin1") };
    default:
      if (!text.isWellFormed()) return { why: "has halves of characters, which UTF-8 does not know" };
      return { octets: Buffer.from(text, "utf8") };
  }
}

/** Standard or URL-safe alphabet, in lines or in one piece, with its padding or without (RFC 4648 §4, §5). */
function readBase64(text: string): AttachmentContent {
  const digits = text.replace(/\s+/g, "");
  const end = digits.search(/[^A-Za-z0-9+/_-]/);
  const padding = end < 0 ? "" : digits.slice(end, end + 3);
  const length = end < 0 ? digits.length : end;
  const padded = padding === "" || (/^={1,2}$/.test(padding) && (length + padding.length) % 4 === 0);
  if (!padded || length % 4 === 1) return { why: "is not Base64" };
  return { octets: Buffer.from(digits, "base64") };
}

function readDataUri(text: string): AttachmentContent {
  const comma = text.indexOf(",");
  // A type and its parameters are short: what has its comma far away is no data URI.
  if (comma < 0 || comma > 1000) return { why: "is not a data URI" };
  const [type = "", ...parameters] = text.slice("data:".length, comma).split(";");
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === "base64";
  const data = unescaped(text.slice(comma + 1));
  const content = isBase64 && data !== null ? readBase64(data.toString("latin1")) : data && { octets: data };
  if (content === null || "why" in content) return { why: "is not a data URI" };
  const contentType = type.trim() === "" ? "text/plain" : type.trim();
  return /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? { ...content, contentType } : { why: "is not a data URI" };
}

/** The octets of a URI's text; null for characters that no URI has. */
function unescaped(text: string): Buffer | null {
  if (/[^\x21-\x7e\s]|%(?![0-9a-f]{2})/i.test(text)) return null;
  const octets = Buffer.from(text.replace(/\s+/g, ""), "latin1");
  let to = 0;
  for (let at = 0; at < octets.length; at++, to++) {
    if (octets[at] !== 0x25) octets[to] = octets[at]!;
    else {
      octets[to] = Number.parseInt(octets.toString("latin1", at + 1, at + 3), 16);
      at += 2;
    }
  }
  return octets.subarray(0, to);
}
