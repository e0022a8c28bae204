import type { Parameter } from "./anatomy.ts";
import type { FieldCursor } from "./field-cursor.ts";

/** More of them in one field are not looked at. */
const maxParameters = 256;

/**
 * Reads `; name=value …` up to the end of the field, in order, names in lower case. Of two with the same name the first
 * counts, and so of two pieces with the same number. Continuations become one parameter: plain where no piece has a charset, else `name*` with the value of RFC
 * 2231 §4 (`charset'language'percent-encoded`), which is how IMAP servers hand it to clients, who decode it.
 *
 * @see RFC 2045 §5.1, RFC 2231 §3 and §4
 */
export function parseParameters(cursor: FieldCursor): readonly Parameter[] {
  const params = new Map<string, string | Piece[]>();
  while (params.size < maxParameters) {
    cursor.skipBlank();
    while (cursor.take(";")) cursor.skipBlank();
    if (cursor.done) break;
    const name = cursor.run(';="(').toLowerCase();
    cursor.skipBlank();
    if (name === "" || !cursor.take("=")) {
      // A lone word before the next parameter: `text/html foo charset=x`.
      if (name === "" || cursor.peek() === '"') cursor.skipTo(";");
      continue;
    }
    cursor.skipBlank();
    add(params, name, readValue(cursor, name));
  }
  return [...params].map(([name, value]) => (typeof value === "string" ? [name, value] : join(name, value)));
}

type Piece = { readonly index: number; readonly extended: boolean; readonly value: string };

function readValue(cursor: FieldCursor, name: string): string {
  if (cursor.peek() === '"') return cursor.quoted();
  let value = readUnquoted(cursor);
  // Accept spaces in an unquoted file name, `name=my file (1).pdf`: several mailers send them.
  if (name === "name" || name === "filename") {
    for (let end = cursor.at; ; end = cursor.at) {
      cursor.skipSpace();
      if (cursor.done || cursor.peek() === ";" || cursor.peek() === '"') break;
      const word = readUnquoted(cursor);
      cursor.skipSpace();
      if (cursor.peek() === "=" || word.includes("=")) {
        cursor.at = end;
        break;
      }
      if (word !== "") value += ` ${word}`;
    }
  }
  return value;
}

/**
 * A value without quotes, up to a blank or a semicolon, and without the comment behind it: `us-ascii(Plain text)`.
 * Parentheses with more of the value behind them are of the value: `report(1).pdf`, which mailers send unquoted; so is
 * one that nothing closes, and what comes behind it.
 */
function readUnquoted(cursor: FieldCursor): string {
  const from = cursor.at;
  for (;;) {
    cursor.run(cursor.unclosed ? ";" : ";(");
    const end = cursor.at;
    while (!cursor.unclosed && cursor.peek() === "(") cursor.skipComment();
    if (cursor.at > end && cursor.unclosed) cursor.at = end;
    else if (cursor.at === end || cursor.done || " \t\r\n;".includes(cursor.peek()))
      return cursor.text.slice(from, end);
  }
}

const continuation = /^(.+)\*(\d{1,4})(\*)?$/;

function add(params: Map<string, string | Piece[]>, name: string, value: string): void {
  const match = continuation.exec(name);
  if (match === null) {
    if (!params.has(name)) params.set(name, value);
    return;
  }
  // "\0": a name no field can have, so that `name` and `name*0` of one field stay apart.
  const key = `${match[1]}\0`;
  const piece = { index: Number(match[2]), extended: match[3] !== undefined, value };
  const pieces = params.get(key);
  if (pieces === undefined) params.set(key, [piece]);
  else if (typeof pieces !== "string") pieces.push(piece);
}

function join(key: string, pieces: readonly Piece[]): Parameter {
  const sorted = [...pieces]
    .sort((a, b) => a.index - b.index)
    .filter((piece, at, all) => at === 0 || piece.index !== all[at - 1]!.index);
  const name = key.slice(0, -1);
  if (!sorted.some((piece) => piece.extended)) return [name, sorted.map((piece) => piece.value).join("")];
  const text = sorted.map((piece) => (piece.extended ? piece.value : percentEncode(piece.value))).join("");
  return [`${name}*`, sorted[0]!.extended ? text : `''${text}`];
}

function percentEncode(value: string): string {
  return value.replace(
    /[^A-Za-z0-9!#$&+.^_`{|}~-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
