import { asterisk, close, isDigit, open, openBrace, quote } from "../characters.ts";
import { Cursor, type Rule } from "../cursor.ts";
import { sequenceSet } from "../sequence-set.ts";
import type { SearchKey } from "../types.ts";
import { BeyondLimit } from "../wire-syntax-error.ts";
import { date } from "./dates.ts";
import { keyword, oneOf } from "./lists.ts";
import { modSequence, number64, nzNumber } from "./numbers.ts";
import { headerFieldName } from "./section.ts";
import { astringOctets, atom, quoted } from "./strings.ts";

/** How deep parentheses, NOT and OR may nest, and how many keys a search may have: both far above what clients send. */
export const maxSearchDepth = 250;
export const maxSearchKeys = 1_000;
/** How many texts one search may look for in bodies: each is looked for in all of them. */
export const maxBodyKeys = 100;

/** What the texts of a search are in: `decode` throws where octets are no text in it. */
export type SearchCharset = { readonly name: string; decode(octets: Uint8Array): string };

/** Reads the keys of one search. */
export class SearchKeys {
  /** A MODSEQ key was among them. */
  modseq = false;
  #count = 0;
  #bodies = 0;

  constructor(readonly charset: SearchCharset) {}

  /** search-key (RFC 3501 §9, RFC 5032 §4, RFC 7162 §7), `depth` levels below the command. */
  read(cursor: Cursor, depth: number): SearchKey {
    if (depth > maxSearchDepth) throw new BeyondLimit(`${maxSearchDepth} levels of search keys`, cursor.at);
    if (++this.#count > maxSearchKeys) throw new BeyondLimit(`${maxSearchKeys} search keys`, cursor.at);
    const next = cursor.peek();
    // sequence-set
    if (isDigit(next) || next === asterisk) return { kind: "sequence", set: sequenceSet(cursor) };
    // "(" search-key *(SP search-key) ")"
    if (next === open) return this.#group(cursor, depth);
    const from = cursor.at;
    const word = keyword(cursor, "search-key");
    const bare = bareKeys[word];
    if (bare !== undefined) return bare;
    const rule = argumentKeys[word];
    if (rule === undefined) throw cursor.expected("search-key", from);
    cursor.space();
    return rule(this, cursor, depth);
  }

  /** astring, in the search's charset */
  text(cursor: Cursor): string {
    const from = cursor.at;
    const octets = astringOctets(cursor);
    try {
      return this.charset.decode(octets);
    } catch {
      throw cursor.expected(`text in ${this.charset.name}`, from);
    }
  }

  /** As `text`, to be looked for in bodies. */
  bodyText(cursor: Cursor): string {
    if (++this.#bodies > maxBodyKeys) throw new BeyondLimit(`${maxBodyKeys} BODY and TEXT keys`, cursor.at);
    return this.text(cursor);
  }

  #group(cursor: Cursor, depth: number): SearchKey {
    cursor.take(open);
    const keys = [this.read(cursor, depth + 1)];
    while (!cursor.skip(close)) {
      cursor.space();
      keys.push(this.read(cursor, depth + 1));
    }
    return keys.length === 1 ? keys[0]! : { kind: "and", of: keys };
  }
}

type KeyRule = (keys: SearchKeys, cursor: Cursor, depth: number) => SearchKey;

const flagKey = (flag: string): SearchKey => ({ kind: "flag", flag });
const not = (key: SearchKey): SearchKey => ({ kind: "not", of: key });
const recent: SearchKey = { kind: "recent" };

const bareKeys: Partial<Record<string, SearchKey>> = {
  __proto__: null as never,
  ALL: { kind: "all" },
  ANSWERED: flagKey("\\Answered"),
  DELETED: flagKey("\\Deleted"),
  DRAFT: flagKey("\\Draft"),
  FLAGGED: flagKey("\\Flagged"),
  SEEN: flagKey("\\Seen"),
  UNANSWERED: not(flagKey("\\Answered")),
  UNDELETED: not(flagKey("\\Deleted")),
  UNDRAFT: not(flagKey("\\Draft")),
  UNFLAGGED: not(flagKey("\\Flagged")),
  UNSEEN: not(flagKey("\\Seen")),
  RECENT: recent,
  OLD: not(recent),
  NEW: { kind: "and", of: [recent, not(flagKey("\\Seen"))] },
};

const argumentKeys: Partial<Record<string, KeyRule>> = {
  __proto__: null as never,
  // "FROM" SP astring, and so on
  FROM: field("From"),
  TO: field("To"),
  CC: field("Cc"),
  BCC: field("Bcc"),
  SUBJECT: field("Subject"),
  // "HEADER" SP header-fld-name SP astring
  HEADER: (keys, cursor) => {
    const name = headerFieldName(cursor);
    cursor.space();
    return { kind: "header", field: name, text: keys.text(cursor) };
  },
  BODY: (keys, cursor) => ({ kind: "body", text: keys.bodyText(cursor) }),
  TEXT: (keys, cursor) => ({ kind: "text", text: keys.bodyText(cursor) }),
  // "KEYWORD" SP flag-keyword
  KEYWORD: (_, cursor) => flagKey(keywordName(cursor)),
  UNKEYWORD: (_, cursor) => not(flagKey(keywordName(cursor))),
  BEFORE: (_, cursor) => ({ kind: "internalDate", is: "before", day: date(cursor) }),
  ON: (_, cursor) => ({ kind: "internalDate", is: "on", day: date(cursor) }),
  SINCE: (_, cursor) => ({ kind: "internalDate", is: "since", day: date(cursor) }),
  SENTBEFORE: (_, cursor) => ({ kind: "sentDate", is: "before", day: date(cursor) }),
  SENTON: (_, cursor) => ({ kind: "sentDate", is: "on", day: date(cursor) }),
  SENTSINCE: (_, cursor) => ({ kind: "sentDate", is: "since", day: date(cursor) }),
  LARGER: (_, cursor) => ({ kind: "larger", size: size(cursor) }),
  SMALLER: (_, cursor) => ({ kind: "smaller", size: size(cursor) }),
  // "OLDER" SP nz-number and "YOUNGER" SP nz-number: RFC 5032 §4
  OLDER: (_, cursor) => ({ kind: "older", seconds: seconds(cursor) }),
  YOUNGER: (_, cursor) => ({ kind: "younger", seconds: seconds(cursor) }),
  UID: (_, cursor) => ({ kind: "uids", set: uidSet(cursor) }),
  NOT: (keys, cursor, depth) => not(keys.read(cursor, depth + 1)),
  // "OR" SP search-key SP search-key; OR a OR b c is one "or" of three
  OR: (keys, cursor, depth) => {
    const one = keys.read(cursor, depth + 1);
    cursor.space();
    const other = keys.read(cursor, depth + 1);
    return { kind: "or", of: [one, ...(other.kind === "or" ? other.of : [other])] };
  },
  // "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer: one mod-sequence covers all flags of a message
  MODSEQ: (keys, cursor) => {
    keys.modseq = true;
    if (cursor.peek() === quote) {
      quoted(cursor);
      cursor.space();
      entryType(cursor);
      cursor.space();
    }
    return { kind: "modseq", from: modSequence(cursor) };
  },
};

// Accept keywords in quotes: go-imap 1, imapfilter, emailjs and Twisted have sent KEYWORD "NonJunk" to servers that take
// it, as Dovecot does; and, as Dovecot, whatever else stands behind a search key and is no list.
const keywordName = orQuoted(atom);
const size = orQuoted(number64);
const seconds = orQuoted(nzNumber);
const uidSet = orQuoted(sequenceSet);

/** The rule's text as it is, or all of it as a string. */
function orQuoted<T>(rule: Rule<T>): Rule<T> {
  return (cursor) => {
    const next = cursor.peek();
    if (next !== quote && next !== openBrace) return rule(cursor);
    const from = cursor.at;
    const text = new Cursor(astringOctets(cursor), cursor.context);
    const value = rule(text);
    if (!text.atEnd) throw cursor.expected("one value in the string", from);
    return value;
  };
}

/** entry-type-req = "priv" / "shared" / "all" */
const entryType = oneOf(["PRIV", "SHARED", "ALL"], "entry-type-req");

function field(name: string): KeyRule {
  return (keys, cursor) => ({ kind: "header", field: name, text: keys.text(cursor) });
}
