import type { Columns } from "../../../../actors/account/requests.ts";
import { hasUid, noUids, type UidRuns } from "../../../../domain/account/uid-runs.ts";
import { writeDecimal } from "./decimal.ts";
import { FlagLists } from "./flag-lists.ts";
import { internalDateOctets, writeInternalDate } from "./internal-date.ts";
import type { ResponseBuffer } from "./response-buffer.ts";
import type { SequenceWalk } from "./sequence-walk.ts";

/** FETCH items that come from columns. */
export type ColumnItem = "uid" | "flags" | "modseq" | "size" | "internaldate";
export type ColumnItems = { readonly [Item in ColumnItem]?: boolean };

const word = (text: string): Uint8Array => new TextEncoder().encode(text);
const star = word("* ");
const fetchWord = word(" FETCH (");
const uidWord = word("UID ");
const flagsWord = word("FLAGS ");
const modseqWord = word("MODSEQ (");
const sizeWord = word("RFC822.SIZE ");
const dateWord = word("INTERNALDATE ");
/** More than the longest line takes without its flag list. */
const longestLine = 200 + internalDateOctets;

/**
 * Writes `* n FETCH (…)` for each message of `columns`, items in the order UID, FLAGS, MODSEQ, RFC822.SIZE,
 * INTERNALDATE. Columns that `items` wants must have been read. Messages the client does not know of (the walk says 0)
 * are left out; `recent` are those to show as \Recent. Answers how many lines it wrote.
 */
export function writeFetchLines(
  out: ResponseBuffer,
  columns: Columns,
  items: ColumnItems,
  walk: SequenceWalk,
  recent: UidRuns = noUids,
): number {
  const line = new FetchLine(out, columns, items, recent);
  const { uids } = columns;
  let written = 0;
  for (let index = 0; index < uids.length; index++) {
    const sequence = walk.to(uids[index]!);
    if (sequence === 0) continue;
    line.open(index, sequence);
    line.close();
    written++;
  }
  return written;
}

/** The parts of FETCH lines that come from columns; what else a line is to hold goes between `open` and `close`. */
export class FetchLine {
  readonly #out: ResponseBuffer;
  readonly #columns: Columns;
  readonly #items: ColumnItems;
  readonly #recent: UidRuns;
  readonly #flagLists: FlagLists;

  constructor(out: ResponseBuffer, columns: Columns, items: ColumnItems, recent: UidRuns = noUids) {
    this.#out = out;
    this.#columns = columns;
    this.#items = items;
    this.#recent = recent;
    this.#flagLists = new FlagLists(columns.keywordSets);
  }

  /** `* n FETCH (UID 7 FLAGS (\Seen)` of the message at `index`; answers whether there is an item in it yet. */
  open(index: number, sequence: number): boolean {
    const { uid, flags, modseq, size, internaldate } = this.#items;
    const columns = this.#columns;
    const out = this.#out;
    let list: Uint8Array | null = null;
    if (flags) {
      const recent = this.#recent.length > 0 && hasUid(this.#recent, columns.uids[index]!);
      list = this.#flagLists.of(columns.flags[index]!, recent);
    }
    // A list of hundreds of keywords goes its own way; it would not fit into what is reserved.
    const short = list !== null && list.length <= 256;
    out.reserve(longestLine + (short ? list!.length : 0));
    const { bytes } = out;
    let at = put(bytes, out.at, star);
    at = writeDecimal(bytes, at, sequence);
    at = put(bytes, at, fetchWord);
    let any = false;
    if (uid) {
      at = writeDecimal(bytes, put(bytes, at, uidWord), columns.uids[index]!);
      any = true;
    }
    if (list !== null) {
      at = put(bytes, any ? space(bytes, at) : at, flagsWord);
      if (short) at = put(bytes, at, list);
      else {
        out.at = at;
        out.raw(list);
        out.reserve(longestLine);
        at = out.at;
      }
      any = true;
    }
    if (modseq) {
      at = writeDecimal(bytes, put(bytes, any ? space(bytes, at) : at, modseqWord), columns.modseqs[index]!);
      bytes[at++] = 0x29;
      any = true;
    }
    if (size) {
      at = writeDecimal(bytes, put(bytes, any ? space(bytes, at) : at, sizeWord), columns.sizes[index]!);
      any = true;
    }
    if (internaldate) {
      at = writeInternalDate(bytes, put(bytes, any ? space(bytes, at) : at, dateWord), columns.dates[index]!);
      any = true;
    }
    out.at = at;
    return any;
  }

  /** `)` CRLF */
  close(): void {
    const out = this.#out;
    out.reserve(3);
    out.bytes[out.at++] = 0x29;
    out.crlf();
  }
}

/** By hand: for so few octets `set` costs more than it saves. */
function put(bytes: Uint8Array, at: number, octets: Uint8Array): number {
  const { length } = octets;
  for (let i = 0; i < length; i++) bytes[at + i] = octets[i]!;
  return at + length;
}

function space(bytes: Uint8Array, at: number): number {
  bytes[at] = 0x20;
  return at + 1;
}
