import type { AttachmentFacts } from "../account/requests.ts";

/**
 * The HTML with its references to attachments (`cid:…`, RFC 2392, and `attachment:ATT…`) made into links by `linkTo`.
 * A reference to an attachment that is not there stays as it is.
 */
export function linkAttachments(
  html: string,
  attachments: readonly AttachmentFacts[],
  linkTo: (attachment: string) => string,
): string {
  const ids = new Set(attachments.map(({ id }) => id));
  const byCid = new Map(attachments.flatMap(({ cid, id }) => (cid === null ? [] : [[bareCid(cid), id] as const])));
  return html
    .replace(/\bcid:([^\s"'<>()\\]{1,512})/gi, (whole, cid: string) => {
      const id = byCid.get(bareCid(decoded(cid)));
      return id === undefined ? whole : linkTo(id);
    })
    .replace(/\battachment:(ATT\d{5,9})\b/g, (whole, id: string) => (ids.has(id) ? linkTo(id) : whole));
}

const bareCid = (cid: string) => cid.trim().replace(/^<(.*)>$/s, "$1");

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
