import type { Parameter, Part } from "./anatomy.ts";
import { bytesOf } from "./binary-string.ts";
import { envelopeText } from "./envelope.ts";
import { imapNstring, imapString } from "./imap-string.ts";

/**
 * The value of a BODYSTRUCTURE item (`extended`), or of BODY, ready to send.
 *
 * text/* without a charset is said to be us-ascii (RFC 2045 §5.2). message/global is shown as an ordinary body, the
 * only form that a client of IMAP4rev1 can read: its grammar knows envelopes for message/rfc822 alone.
 *
 * @see RFC 3501 §7.4.2, RFC 9051 §7.5.2
 */
export function formatBodyStructure(part: Part, extended: boolean): Uint8Array {
  return bytesOf(bodyText(part, extended));
}

function bodyText(part: Part, extended: boolean): string {
  if (part.kind === "multipart") {
    let text = "(";
    for (const child of part.children) text += bodyText(child, extended);
    text += ` ${imapString(part.subtype)}`;
    return extended ? `${text} ${paramList(part.params)}${extension(part)})` : `${text})`;
  }
  const { type, subtype } = part;
  const fields = `${paramList(paramsShown(part))} ${imapNstring(part.id)} ${imapNstring(part.description)}`;
  const size = part.body.end - part.body.start;
  let text = `(${imapString(type)} ${imapString(subtype)} ${fields} ${imapString(part.encoding)} ${size}`;
  if (type === "text") text += ` ${part.lines}`;
  else if (part.kind === "message" && subtype === "rfc822") {
    const embedded = part.children[0]!;
    text += ` ${envelopeText(embedded.envelope!)} ${bodyText(embedded, extended)} ${part.lines}`;
  }
  return extended ? `${text} ${imapNstring(part.md5)}${extension(part)})` : `${text})`;
}

/** Disposition, languages and location: what ends the extension data of every part. */
function extension(part: Part): string {
  const { disposition, languages } = part;
  const shown = disposition ? `(${imapString(disposition.value)} ${paramList(disposition.params)})` : "NIL";
  const language = languages ? `(${languages.map(imapString).join(" ")})` : "NIL";
  return ` ${shown} ${language} ${imapNstring(part.location)}`;
}

function paramsShown(part: Part): readonly Parameter[] {
  if (part.type !== "text" || part.params.some(([name]) => name === "charset" || name === "charset*"))
    return part.params;
  return [...part.params, ["charset", "us-ascii"]];
}

function paramList(params: readonly Parameter[]): string {
  if (params.length === 0) return "NIL";
  let text = "";
  for (const [name, value] of params) text += `${text === "" ? "(" : " "}${imapString(name)} ${imapString(value)}`;
  return `${text})`;
}
