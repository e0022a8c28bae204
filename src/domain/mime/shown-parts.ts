import type { Envelope, Part } from "./anatomy.ts";
import { fileNameOf } from "./decode-parameter.ts";
import { isHtml } from "./text.ts";

/** A text to be read. `twin`: it has one in the other of plain text and HTML, which says the same. */
export type ShownText = { readonly part: Part; readonly twin: boolean };

/** A part to be had for itself. `related`: a text beside it shows it. */
export type Attached = { readonly part: Part; readonly related: boolean };

/**
 * A message as people read it, in order: its texts, the headings of embedded messages that are shown among them, and
 * its attachments.
 *
 * Texts are text/plain, text/html and message/delivery-status, unless they say that they are attachments. Attachments
 * are all other parts, and texts with a file name too: what BODYSTRUCTURE shows as a file can be had as one. An embedded
 * message that has no file name and does not say that it is an attachment is both attached and shown, with its texts
 * and attachments among the others.
 *
 * @see RFC 2046 §5.1.4 (alternative), RFC 2183 §2, RFC 2387 (related)
 */
export function shownParts(root: Part): {
  readonly texts: readonly (ShownText | Envelope)[];
  readonly attachments: readonly Attached[];
} {
  const texts: (ShownText | Envelope)[] = [];
  const attachments: Attached[] = [];
  type Place = { readonly twins: boolean; readonly related: boolean; readonly embedded: boolean };
  const visit = (part: Part, place: Place): void => {
    if (part.kind === "multipart") {
      const twins = place.twins || (part.subtype === "alternative" && hasBoth(part));
      const related = place.related || part.subtype === "related";
      for (const child of part.children) visit(child, { ...place, twins, related });
      return;
    }
    const shown = part.disposition?.value !== "attachment";
    const named = fileNameOf(part) !== null;
    const related = place.related && part.id !== undefined;
    if (part.kind === "message") {
      const open = shown && !named;
      // One within another that is attached comes with that.
      if (!open || !place.embedded) attachments.push({ part, related });
      if (!open) return;
      const message = part.children[0]!;
      texts.push(message.envelope!);
      visit(message, { ...place, embedded: true });
      return;
    }
    const isText = shown && isReadable(part);
    if (isText) texts.push({ part, twin: place.twins });
    if (!isText || named) attachments.push({ part, related });
  };
  visit(root, { twins: false, related: false, embedded: false });
  return { texts, attachments };
}

function isReadable({ type, subtype }: Part): boolean {
  return type === "text"
    ? subtype === "plain" || subtype === "html"
    : type === "message" && subtype === "delivery-status";
}

/** Whether plain text and HTML are both there, to choose from. */
function hasBoth(part: Part): boolean {
  let plain = false;
  let html = false;
  const visit = (each: Part): void => {
    if (each.kind === "multipart") each.children.forEach(visit);
    else if (each.disposition?.value !== "attachment" && isReadable(each)) {
      if (isHtml(each)) html = true;
      else plain = true;
    }
  };
  visit(part);
  return plain && html;
}
