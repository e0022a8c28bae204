import type { EnvelopeAddress } from "./anatomy.ts";
import { FieldCursor } from "./field-cursor.ts";

/** More of them in one field are not looked at, unless the caller says so. */
const maxAddresses = 4096;

const specials = '<>,;:"(@';

/**
 * Reads an address list. Takes any text: what cannot be read is passed over up to the next comma, and an address
 * without a domain has the host "". An addr-spec without a phrase takes its name from the comment behind it, `user@host
 * (Name)`, as RFC 822 mailers wrote; one that lacks its angle brackets, `Name user@host`, is the last word of what
 * stands before the `@`: words that no dot joins are never made into one. Of more than `most` addresses the rest is
 * left out.
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

type Word = {
  readonly text: string;
  readonly quoted: boolean;
  /** Nothing between this word and the one before it. */
  readonly glued: boolean;
};

/** Words up to one of `<`, `@`, `:`, `,`, `;` or the end. */
function readPhrase(cursor: FieldCursor): Word[] {
  const words: Word[] = [];
  let glued = false;
  while (!cursor.done) {
    const next = cursor.peek();
    if (next === '"') words.push({ text: cursor.quoted(), quoted: true, glued });
    else {
      const text = cursor.run(specials);
      if (text === "") {
        if (next !== ">") break;
        cursor.at++;
      } else words.push({ text, quoted: false, glued });
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

/** Where the words of an obs-local-part begin, of which the last one of `words` is the last (RFC 5322 §4.4). */
function localPartAt(words: readonly Word[]): number {
  let at = Math.max(0, words.length - 1);
  while (at > 0 && dotted(words[at - 1]!, words[at]!)) at--;
  return at;
}

function dotted(one: Word, next: Word): boolean {
  return (!one.quoted && one.text.endsWith(".")) || (!next.quoted && next.text.startsWith("."));
}

/** What stands before the `@` within angle brackets, whose words are only joined where dots do that. */
function localPart(words: readonly Word[]): string {
  let text = "";
  for (const [at, word] of words.entries()) {
    const joined = at === 0 || word.glued || dotted(words[at - 1]!, word);
    text += joined ? word.text : ` ${word.text}`;
  }
  return text;
}

/**
 * A domain up to one of `,;:<>@` or to a word that no dot joins to it: labels without the blanks and comments around
 * them (RFC 5322 §4.4), or a domain-literal, which may have colons in it (§3.4.1, RFC 5321 §4.1.3).
 */
function readDomain(cursor: FieldCursor): string {
  let domain = "";
  let open = true;
  for (;;) {
    const before = cursor.at;
    cursor.skipBlank();
    const text = cursor.peek() === "[" ? cursor.domainLiteral() : cursor.run('<>,;:"(@');
    if (text === "") return domain;
    if (!open && !text.startsWith(".")) {
      cursor.at = before;
      return domain;
    }
    domain += text;
    open = text.endsWith(".");
  }
}

/** The cursor is on `<`. */
function readAngle(cursor: FieldCursor, name: string): EnvelopeAddress {
  cursor.at++;
  const route = readRoute(cursor);
  let words: Word[] = [];
  let before = "";
  let host: string | null = null;
  let glued = false;
  for (;;) {
    glued = !cursor.skipBlank() && glued;
    const next = cursor.peek();
    if (next === "" || next === ">") break;
    if (next === "@") {
      cursor.at++;
      // Of several the last one divides: `a@b@host`.
      before = host === null ? localPart(words) : `${before}@${host}`;
      host = readDomain(cursor);
    } else if (next === ":" && host === null) {
      // No part of an address: `<mailto:user@host>`.
      cursor.at++;
      words = [];
    } else {
      const quoted = next === '"';
      const text = quoted ? cursor.quoted() : cursor.run('<>:"(@') || cursor.text.charAt(cursor.at++);
      // A word behind the domain belongs to nothing.
      if (host === null) words.push({ text, quoted, glued });
    }
    glued = true;
  }
  cursor.take(">");
  const mailbox = host === null ? localPart(words) : before;
  return { name: name === "" ? null : name, ...(route && { route }), mailbox, host: host ?? "" };
}

/** A source route, `@a,@b:` (obs-route of RFC 5322 §4.4), without its colon; "" where there is none. */
function readRoute(cursor: FieldCursor): string {
  const from = cursor.at;
  let route = "";
  for (;;) {
    cursor.skipBlank();
    if (cursor.take(",")) continue;
    if (!cursor.take("@")) break;
    route += `${route === "" ? "" : ","}@${readDomain(cursor)}`;
  }
  if (route !== "" && cursor.take(":")) return route;
  cursor.at = from;
  return "";
}

/** An addr-spec without angle brackets, of which `words` are what came before the first `@`. */
function readBare(cursor: FieldCursor, words: readonly Word[]): EnvelopeAddress {
  if (cursor.peek() !== "@") {
    const text = phrase(words);
    return words.length > 1 ? { name: text, mailbox: "", host: "" } : { name: null, mailbox: text, host: "" };
  }
  const at = localPartAt(words);
  let mailbox = "";
  for (const word of words.slice(at)) mailbox += word.text;
  let host = "";
  while (cursor.take("@")) {
    if (host !== "") mailbox += `@${host}`;
    cursor.comment = "";
    host = readDomain(cursor);
    cursor.skipBlank();
  }
  const name = at > 0 ? phrase(words.slice(0, at)) : cursor.comment.trim();
  return { name: name === "" ? null : name, mailbox, host };
}
