import { FieldCursor } from "./field-cursor.ts";

/** RFC 5322 §2.1.1: longer than a line can be, so it is none. */
const longest = 1000;

/**
 * The message identifiers of a Message-ID, In-Reply-To, References or Content-ID field, with their angle brackets, at
 * most `most`. What is between them is passed over, and comments and blanks within them: `<1234 @ local(blah) .example>`
 * is `<1234@local.example>`. A parenthesis that nothing closes is a character like any other.
 *
 * @see RFC 5322 §3.6.4 and §4.5.4 (obsolete forms), RFC 2045 §7
 */
export function parseMessageIds(field: string, most: number): readonly string[] {
  const cursor = new FieldCursor(field);
  const ids: string[] = [];
  /** Of the identifier that is open, its octets so far; null between identifiers. */
  let id: string | null = null;
  while (ids.length < most) {
    cursor.skipSpace();
    if (cursor.done) break;
    const at = cursor.at;
    if (cursor.take("<")) id = "";
    else if (cursor.take(">")) {
      if (id !== null && id !== "" && id.length <= longest) ids.push(`<${id}>`);
      id = null;
    } else if (!cursor.unclosed && cursor.peek() === "(") {
      if (!cursor.skipComment()) cursor.at = at;
    } else {
      const text = cursor.run(cursor.unclosed ? "<>" : "<>(");
      if (id !== null && id.length <= longest) id += text;
    }
  }
  return ids;
}
