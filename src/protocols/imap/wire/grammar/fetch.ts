import { close, open, openBracket, SP } from "../characters.ts";
import type { Cursor } from "../cursor.ts";
import type { FetchItem, FetchRequest, SectionItem } from "../types.ts";
import { BeyondLimit } from "../wire-syntax-error.ts";
import { keyword, parenthesisedSome } from "./lists.ts";
import { modSequence } from "./numbers.ts";
import { section } from "./section.ts";

const fast: readonly FetchItem[] = [{ kind: "flags" }, { kind: "internaldate" }, { kind: "size" }];
const macros = new Map<string, readonly FetchItem[]>([
  ["FAST", fast],
  ["ALL", [...fast, { kind: "envelope" }]],
  ["FULL", [...fast, { kind: "envelope" }, { kind: "body" }]],
]);

const simple = new Map<string, FetchItem>([
  ["UID", { kind: "uid" }],
  ["FLAGS", { kind: "flags" }],
  ["MODSEQ", { kind: "modseq" }],
  ["RFC822.SIZE", { kind: "size" }],
  ["INTERNALDATE", { kind: "internaldate" }],
  ["ENVELOPE", { kind: "envelope" }],
  ["BODY", { kind: "body" }],
  ["BODYSTRUCTURE", { kind: "bodystructure" }],
  ["RFC822", { kind: "section", part: [], text: "all", peek: false, label: "RFC822" }],
  ["RFC822.HEADER", { kind: "section", part: [], text: "header", peek: true, label: "RFC822.HEADER" }],
  ["RFC822.TEXT", { kind: "section", part: [], text: "text", peek: false, label: "RFC822.TEXT" }],
]);

/**
 * ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [SP fetch-modifiers]
 * fetch-modifiers = "(" fetch-modifier *(SP fetch-modifier) ")" ; RFC 4466 §2.4
 */
export function fetchRequest(cursor: Cursor): FetchRequest {
  const items = fetchItems(cursor);
  if (cursor.peek() !== SP || cursor.bytes[cursor.at + 1] !== open) return { items, vanished: false };
  cursor.space();
  return { items, ...fetchModifiers(cursor) };
}

/** Items in one FETCH: each is looked for in each message. Clients that ask part by part ask for some dozens. */
export const mostFetchItems = 250;

function fetchItems(cursor: Cursor): readonly FetchItem[] {
  if (cursor.peek() === open) {
    let count = 0;
    const counted = (place: Cursor): FetchItem => {
      if (++count > mostFetchItems) throw new BeyondLimit(`${mostFetchItems} items in one FETCH`, place.at);
      return fetchAtt(place);
    };
    return distinct(parenthesisedSome(counted)(cursor));
  }
  const from = cursor.at;
  const word = keyword(cursor, "fetch-att");
  const macro = macros.get(word);
  if (macro !== undefined && cursor.peek() !== openBracket) return macro;
  cursor.at = from;
  return [fetchAtt(cursor)];
}

/**
 * fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] / "BODY" ["STRUCTURE"] /
 *   "UID" / "BODY" section ["<" number "." nz-number ">"] / "BODY.PEEK" section ["<" number "." nz-number ">"] / "MODSEQ"
 */
export function fetchAtt(cursor: Cursor): FetchItem {
  const from = cursor.at;
  const word = keyword(cursor, "fetch-att");
  if (cursor.peek() === openBracket) {
    if (word === "BODY") return section(cursor, false);
    if (word === "BODY.PEEK") return section(cursor, true);
  } else {
    const item = simple.get(word);
    if (item !== undefined) return item;
  }
  throw cursor.expected("fetch-att", from);
}

/** Each item once; BODY[x] and BODY.PEEK[x] together are BODY[x]. */
function distinct(items: readonly FetchItem[]): readonly FetchItem[] {
  const byName = new Map<string, FetchItem>();
  for (const item of items) {
    const name = item.kind === "section" ? sectionKey(item) : item.kind;
    const before = byName.get(name);
    if (before === undefined || (item.kind === "section" && !item.peek)) byName.set(name, item);
  }
  return [...byName.values()];
}

function sectionKey({ label, partial }: SectionItem): string {
  return `${label}${partial === undefined ? "" : partial.length}`;
}

/**
 * chgsince-fetch-mod = "CHANGEDSINCE" SP mod-sequence-value ; RFC 7162 §7
 * rexpunges-fetch-mod = "VANISHED" ; RFC 7162 §7, of no use without CHANGEDSINCE (§3.2.6)
 */
function fetchModifiers(cursor: Cursor): Pick<FetchRequest, "changedSince" | "vanished"> {
  const from = cursor.at;
  let changedSince: number | undefined;
  let vanished = false;
  cursor.take(open);
  do {
    const at = cursor.at;
    const word = keyword(cursor, "fetch-modifier");
    if (word === "CHANGEDSINCE") {
      cursor.space();
      changedSince = modSequence(cursor);
    } else if (word === "VANISHED") vanished = true;
    else throw cursor.expected("fetch-modifier", at);
  } while (cursor.skip(SP));
  cursor.take(close);
  if (changedSince === undefined) throw cursor.expected("CHANGEDSINCE", from);
  return { changedSince, vanished };
}
