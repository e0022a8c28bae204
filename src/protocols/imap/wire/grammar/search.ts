import { decodeCharset, knowsCharset } from "../../../../domain/mime/charset.ts";
import type { Cursor } from "../cursor.ts";
import type { SearchKey, SearchRequest, SearchReturn } from "../types.ts";
import { UnknownCharset } from "../wire-syntax-error.ts";
import { oneOf, parenthesised, spaced } from "./lists.ts";
import { type SearchCharset, SearchKeys } from "./search-key.ts";
import { astring } from "./strings.ts";

/**
 * search = "SEARCH" [search-return-opts] SP search-program ; RFC 4731 §4, without SAVE
 * search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
 * Throws `UnknownCharset` where the charset is not known.
 */
export function searchRequest(cursor: Cursor): SearchRequest {
  let returns: readonly SearchReturn[] | null = null;
  if (cursor.skipWord("RETURN ")) {
    returns = [...new Set(returnOptions(cursor))];
    if (returns.length === 0) returns = ["ALL"];
    cursor.space();
  }
  const from = cursor.at;
  let charset = utf8;
  if (cursor.skipWord("CHARSET ")) {
    // RFC 6855 §3: BAD, once UTF8=ACCEPT is on.
    if (cursor.context.utf8) throw cursor.expected("search-key: there is no CHARSET after UTF8=ACCEPT", from);
    charset = charsetFor(astring(cursor), from);
    cursor.space();
  }
  const keys = new SearchKeys(charset);
  const all = spaced((place: Cursor) => keys.read(place, 0))(cursor);
  const key: SearchKey = all.length === 1 ? all[0]! : { kind: "and", of: all };
  return { key, returns, modseq: keys.modseq };
}

/** search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
const returnOptions = parenthesised(oneOf<SearchReturn>(["MIN", "MAX", "ALL", "COUNT"], "search-return-opt"));

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8: SearchCharset = { name: "utf-8", decode: (octets) => strictUtf8.decode(octets) };

function charsetFor(charset: string, offset: number): SearchCharset {
  const name = charset.toLowerCase();
  // The label us-ascii would mean windows-1252 (WHATWG Encoding §4.2); UTF-8 contains ASCII and is what clients mean.
  if (name === "us-ascii" || name === "utf-8" || name === "ascii") return utf8;
  if (!knowsCharset(name)) throw new UnknownCharset(charset, offset);
  return {
    name,
    decode(octets) {
      const text = decodeCharset(octets, name);
      // A search for octets that are no text would find the wrong messages.
      if (text.includes("\ufffd")) throw new TypeError(`Cannot read ${octets.length} octets as ${name}`);
      return text;
    },
  };
}

/** What BADCHARSET offers (RFC 3501 §7.1). */
export const offeredCharsets: readonly string[] = ["US-ASCII", "UTF-8"];
