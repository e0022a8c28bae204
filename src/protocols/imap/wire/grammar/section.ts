import { closeBracket, dot, greater, isDigit, less, openBracket } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { SectionItem } from "../types.ts";
import { keyword, parenthesisedSome } from "./lists.ts";
import { number, nzNumber } from "./numbers.ts";
import { astring } from "./strings.ts";

type Spec = Pick<SectionItem, "part" | "text" | "fields">;

/**
 * section ["<" number "." nz-number ">"]
 * section = "[" [section-spec] "]"
 */
export function section(cursor: Cursor, peek: boolean): SectionItem {
  cursor.take(openBracket);
  const spec = sectionSpec(cursor);
  cursor.take(closeBracket);
  const partial = cursor.peek() === less ? partialRange(cursor) : undefined;
  const label = `BODY[${specText(spec)}]${partial === undefined ? "" : `<${partial.offset}>`}`;
  return { kind: "section", ...spec, ...(partial && { partial }), peek, label };
}

/** "<" number "." nz-number ">" */
function partialRange(cursor: Cursor): { offset: number; length: number } {
  cursor.take(less);
  const offset = number(cursor);
  cursor.take(dot);
  const length = nzNumber(cursor);
  cursor.take(greater);
  return { offset, length };
}

/**
 * section-spec = section-msgtext / (section-part ["." section-text])
 * section-part = nz-number *("." nz-number)
 */
function sectionSpec(cursor: Cursor): Spec {
  const part: number[] = [];
  if (cursor.peek() === closeBracket) return { part, text: "all" };
  while (isDigit(cursor.peek())) {
    part.push(nzNumber(cursor));
    if (!cursor.skip(dot)) return { part, text: "all" };
  }
  return { part, ...sectionText(cursor, part.length > 0) };
}

/**
 * section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
 * section-text = section-msgtext / "MIME"
 * header-list = "(" header-fld-name *(SP header-fld-name) ")"
 */
function sectionText(cursor: Cursor, inPart: boolean): Pick<Spec, "text" | "fields"> {
  const from = cursor.at;
  switch (keyword(cursor, "section-text")) {
    case "HEADER":
      return { text: "header" };
    case "TEXT":
      return { text: "text" };
    case "HEADER.FIELDS":
      cursor.space();
      return { text: "fields", fields: headerList(cursor) };
    case "HEADER.FIELDS.NOT":
      cursor.space();
      return { text: "fields-not", fields: headerList(cursor) };
    case "MIME":
      if (inPart) return { text: "mime" };
  }
  throw cursor.expected("section-text", from);
}

/** header-fld-name = astring ; of the characters RFC 5322 §3.6.8 allows: any printable one but ":" */
export function headerFieldName(cursor: Cursor): string {
  const from = cursor.at;
  const name = astring(cursor);
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) throw cursor.expected("header-fld-name", from);
  return name;
}

const headerList = parenthesisedSome(headerFieldName);

const textNames = {
  header: "HEADER",
  text: "TEXT",
  mime: "MIME",
  fields: "HEADER.FIELDS",
  "fields-not": "HEADER.FIELDS.NOT",
};

function specText({ part, text, fields }: Spec): string {
  const words = part.map(String);
  if (text !== "all") words.push(textNames[text]);
  return words.join(".") + (fields === undefined ? "" : ` (${fields.map(fieldText).join(" ")})`);
}

function fieldText(name: string): string {
  return /^[^(){%*"\\]+$/.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
}
