import type { Anatomy, ByteRange, Part } from "./anatomy.ts";

/**
 * What of a part is meant (RFC 9051 §6.4.5.1): all of it, or one of HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT and
 * MIME.
 */
export type SectionText = "all" | "header" | "fields" | "fields-not" | "text" | "mime";

/**
 * The byte range of the original that a section names; null where the message has no such part (NIL). For `fields` and
 * `fields-not` it is the header to pick them from, with pickHeaderFields.
 *
 * `part` counts from 1. Part 1 of a message that is no multipart is its body. A number into a message/rfc822 part
 * counts the parts of the message in it. HEADER, HEADER.FIELDS and TEXT of a part are those of the message in it, so
 * they exist only for message parts; MIME is the part's own header, and needs a part number.
 *
 * @see RFC 9051 §6.4.5.1
 */
export function sectionRange(anatomy: Anatomy, part: readonly number[], text: SectionText): ByteRange | null {
  if (part.length === 0) {
    if (text === "all") return { start: 0, end: anatomy.size };
    return text === "mime" ? null : messageRange(anatomy.root, text);
  }
  const found = findPart(anatomy.root, part);
  if (found === null) return null;
  if (text === "all") return found.body;
  if (text === "mime") return found.header;
  return found.kind === "message" ? messageRange(found.children[0]!, text) : null;
}

/**
 * The part with this number, or null. `root` is the root of a message; part 1 of one that is no multipart is that root
 * itself.
 */
export function findPart(root: Part, numbers: readonly number[]): Part | null {
  let part: Part = root;
  /** Whether `part` is a message's root, whose own number is 1 unless it is a multipart. */
  let atRoot = true;
  for (const number of numbers) {
    if (!atRoot && part.kind === "message") {
      part = part.children[0]!;
      atRoot = true;
    }
    if (part.kind === "multipart") {
      const child = part.children[number - 1];
      if (child === undefined) return null;
      part = child;
    } else if (!atRoot || number !== 1) return null;
    atRoot = false;
  }
  return part;
}

function messageRange(root: Part, text: "header" | "fields" | "fields-not" | "text"): ByteRange {
  return text === "text" ? root.body : root.header;
}
