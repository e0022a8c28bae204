import { FieldCursor } from "./field-cursor.ts";

/**
 * The value of a structured field with a blank for each of its comments. What stands in quotes or in angle brackets stays
 * as it is: parentheses are characters there.
 *
 * @see RFC 5322 §3.2.2
 */
export function withoutComments(value: string): string {
  if (!value.includes("(")) return value;
  const cursor = new FieldCursor(value);
  let text = "";
  let from = 0;
  while (!cursor.done) {
    const next = cursor.peek();
    if (next === '"') cursor.quoted();
    else if (next === "<") {
      const close = value.indexOf(">", cursor.at);
      cursor.at = close < 0 ? value.length : close + 1;
    } else if (next === "(") {
      text += `${value.slice(from, cursor.at)} `;
      cursor.skipComment();
      from = cursor.at;
    } else cursor.at++;
  }
  return text + value.slice(from);
}
