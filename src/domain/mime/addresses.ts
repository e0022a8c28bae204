import type { EnvelopeAddress } from "./anatomy.ts";
import { FieldCursor } from "./field-cursor.ts";

/** More of them in one field are not looked at, unless the caller says so. */
const maxAddresses = 4096;

const specials = '<>,;:"(@';

/**
 * Reads an address list. Takes any text: what cannot be read is passed over up to the next comma, and an address
 * without a domain has the host "". Source routes are dropped. An addr-spec without a phrase takes its name from the
 * comment behind it, `user@host (Name)`, as RFC 822 mailers wrote. Of more than `most` addresses the rest is left out.
 *
 * @see RFC 5322 §3.4 and §4.4 (obsolete forms)
 */
export function parseAddresses(field: string, most = maxAddresses): readonly EnvelopeAddress[] {
  const cursor = new FieldCursor(field);
  const list: EnvelopeAddress[] = [];
  let inGroup = false;
  while (list.length < most) {
    cursor.skipBlank();
    if (cursor.done) break;
    if (cursor.take(",")) continue;
    if (cursor.take(";")) {
      // Outside a group a semicolon stands for a comma: some mailers write lists so.
      if (inGroup) list.push(groupEnd);
      inGroup = false;
      continue;
    }
    cursor.comment = "";
    const words = readPhrase(cursor);
    const next = cursor.peek();
    if (next === ":" && !inGroup) {
      cursor.at++;
      list.push({ name: null, mailbox: phrase(words), host: null });
      inGroup = true;
    } else {
      list.push(next === "<" ? readAngle(cursor, phrase(words)) : readBare(cursor, words));
      cursor.skipTo(",;");
    }
  }
  if (inGroup) list.push(groupEnd);
  return list;
}

const groupEnd: EnvelopeAddress = { name: null, mailbox: null, host: null };

type Word = { readonly text: string /** Nothing between this word and the one before it. */; readonly glued: boolean };

/** Words up to one of `<`, `@`, `:`, `,`, `;` or the end. */
function readPhrase(cursor: FieldCursor): Word[] {
  const words: Word[] = [];
  let glued = false;
  while (!cursor.done) {
    const next = cursor.peek();
    if (next === '"') words.push({ text: cursor.quoted(), glued });
    else {
      const text = cursor.run(specials);
      if (text === "") {
        if (next !== ">") break;
        cursor.at++;
      } else words.push({ text, glued });
    }
    glued = !cursor.skipBlank();
  }
  return words;
}

function phrase(words: readonly Word[]): string {
  let text = "";
  for (const word of words) text += text === "" || word.glued ? word.text : ` ${word.text}`;
  return text;
}

/** The cursor is on `<`. */
function readAngle(cursor: FieldCursor, name: string): EnvelopeAddress {
  cursor.at++;
  let local = "";
  let host: string | null = null;
  for (;;) {
    cursor.skipBlank();
    const next = cursor.peek();
    if (next === "" || next === ">") break;
    if (next === "@") {
      cursor.at++;
      // Of several the last one divides: `a@b@host`.
      if (host !== null) local += `@${host}`;
      host = "";
    } else if (next === ":") {
      // What came before was a source route: `@a,@b:user@host`.
      cursor.at++;
      local = "";
      host = null;
    } else {
      let text = next === '"' ? cursor.quoted() : cursor.run('<>:"(@');
      if (text === "") text = cursor.text.charAt(cursor.at++);
      if (host === null) local += text;
      else host += text;
    }
  }
  cursor.take(">");
  return { name: name === "" ? null : name, mailbox: local, host: host ?? "" };
}

/** An addr-spec without angle brackets, of which `words` are what came before the first `@`. */
function readBare(cursor: FieldCursor, words: readonly Word[]): EnvelopeAddress {
  if (cursor.peek() !== "@") {
    const text = phrase(words);
    return words.length > 1 ? { name: text, mailbox: "", host: "" } : { name: null, mailbox: text, host: "" };
  }
  let local = words.map((word) => word.text).join("");
  let host = "";
  while (cursor.take("@")) {
    if (host !== "") local += `@${host}`;
    cursor.skipBlank();
    host = cursor.run(specials);
    cursor.comment = "";
    cursor.skipBlank();
  }
  const name = cursor.comment.trim();
  return { name: name === "" ? null : name, mailbox: local, host };
}
