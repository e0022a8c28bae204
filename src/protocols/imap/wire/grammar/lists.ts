import { close, isAtomChar, open, SP } from "../characters.ts";
import { asciiOf, type Cursor, type Rule } from "../cursor.ts";
import { run } from "./strings.ts";

/** "(" [rule *(SP rule)] ")" */
export function parenthesised<T>(rule: Rule<T>): Rule<T[]> {
  return (cursor) => {
    cursor.take(open);
    if (cursor.skip(close)) return [];
    const values = [rule(cursor)];
    while (!cursor.skip(close)) {
      cursor.space();
      values.push(rule(cursor));
    }
    return values;
  };
}

/** "(" rule *(SP rule) ")" */
export function parenthesisedSome<T>(rule: Rule<T>): Rule<T[]> {
  const list = parenthesised(rule);
  return (cursor) => {
    const from = cursor.at;
    const values = list(cursor);
    if (values.length === 0) throw cursor.expected("a list with something in it", from);
    return values;
  };
}

/** rule *(SP rule), up to the end of the command or a ")" */
export function spaced<T>(rule: Rule<T>): Rule<T[]> {
  return (cursor) => {
    const values = [rule(cursor)];
    while (cursor.peek() === SP && !blankFrom(cursor)) {
      cursor.space();
      values.push(rule(cursor));
    }
    return values;
  };
}

/** One of `words` (in upper case), in any letter case. */
export function oneOf<Word extends string>(words: readonly Word[], what: string): Rule<Word> {
  const known = new Set<string>(words);
  return (cursor) => {
    const from = cursor.at;
    const word = keyword(cursor, what);
    if (!known.has(word)) throw cursor.expected(what, from);
    return word as Word;
  };
}

/** 1*ATOM-CHAR except "[", upper-case: a word of the protocol */
export function keyword(cursor: Cursor, what = "keyword"): string {
  const from = cursor.at;
  const to = run(cursor, isKeywordChar, what);
  return asciiOf(cursor.bytes, from, to).toUpperCase();
}

function isKeywordChar(octet: number): boolean {
  return octet !== 0x5b && isAtomChar(octet);
}

function blankFrom(cursor: Cursor): boolean {
  for (let at = cursor.at; at < cursor.bytes.length; at++) if (cursor.bytes[at] !== SP) return false;
  return true;
}
