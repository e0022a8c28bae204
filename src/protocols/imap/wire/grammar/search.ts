import type { Cursor } from "../cursor.ts";
import type { SearchKey, SearchRequest, SearchReturn } from "../types.ts";
import { UnknownCharset } from "../wire-syntax-error.ts";
import { oneOf, parenthesised, spaced } from "./lists.ts";
import { SearchKeys } from "./search-key.ts";
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
  let decoder = utf8;
  if (cursor.skipWord("CHARSET ")) {
    // RFC 6855 §3: BAD, once UTF8=ACCEPT is on.
    if (cursor.context.utf8) throw cursor.expected("search-key: there is no CHARSET after UTF8=ACCEPT", from);
    decoder = decoderFor(astring(cursor), from);
    cursor.space();
  }
  const keys = new SearchKeys(decoder);
  const all = spaced((place: Cursor) => keys.read(place, 0))(cursor);
  const key: SearchKey = all.length === 1 ? all[0]! : { kind: "and", of: all };
  return { key, returns, modseq: keys.modseq };
}

/** search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
const returnOptions = parenthesised(oneOf<SearchReturn>(["MIN", "MAX", "ALL", "COUNT"], "search-return-opt"));

// Fatal: a search for octets that are no text would find the wrong messages.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoderFor(charset: string, offset: number): TextDecoder {
  const name = charset.toLowerCase();
  // The label us-ascii would mean windows-1252 (WHATWG Encoding §4.2); UTF-8 contains ASCII and is what clients mean.
  if (name === "us-ascii" || name === "utf-8" || name === "ascii") return utf8;
  try {
    return new TextDecoder(name as Bun.Encoding, { fatal: true });
  } catch {
    throw new UnknownCharset(charset, offset);
  }
}

/** What BADCHARSET offers (RFC 3501 §7.1). */
export const offeredCharsets: readonly string[] = ["US-ASCII", "UTF-8"];
