import type { Anatomy, ByteRange } from "../mime/anatomy.ts";
import { BodyScan } from "./body-scan.ts";
import type { SearchCriteria } from "./criteria.ts";
import { type ColumnRow, type Needs, needlesOf, needsOf, prepare, type Test } from "./evaluate.ts";
import { HeaderText } from "./header-text.ts";
import type { Verdict } from "./verdict.ts";

/**
 * A search ready to run on any number of messages, in three stages, each asked only where the one before answered null:
 *
 *     matchColumns(row) ?? matchHeader(row, header) ?? (scan = scanBody(row, header, anatomy), … scan.end())
 */
export type CompiledSearch = {
  /** The last stage that can be needed. */
  readonly needs: Needs;
  /** Null: the header has to be read. Never null where `needs` is "columns". */
  matchColumns(row: ColumnRow): Verdict;
  /** `header`: the message's header bytes. Null: the body has to be read. Never null where `needs` is "header". */
  matchHeader(row: ColumnRow, header: Uint8Array): Verdict;
  /** Begins to look at a body. */
  scanBody(row: ColumnRow, header: Uint8Array, anatomy: Anatomy): BodyScan;
};

/** @see RFC 9051 §6.4.4 */
export function compile(criteria: SearchCriteria): CompiledSearch {
  const test: Test = prepare(criteria);
  const needles = needlesOf(criteria);
  return {
    needs: needsOf(criteria),
    matchColumns: (row) => test({ row, header: null, bodyHas: null, partHeaderHas: null }),
    matchHeader: (row, header) => test({ row, header: new HeaderText(header), bodyHas: null, partHeaderHas: null }),
    scanBody: (row, header, anatomy) => new BodyScan(test, needles, row, new HeaderText(header), anatomy),
  };
}

/** Decides about a message that is at hand whole. */
export function matchMessage(
  search: CompiledSearch,
  row: ColumnRow,
  message: { readonly bytes: Uint8Array; readonly anatomy: Anatomy },
): boolean {
  const early = search.matchColumns(row);
  if (early !== null) return early;
  const { bytes, anatomy } = message;
  const header = slice(bytes, anatomy.root.header);
  const verdict = search.matchHeader(row, header);
  if (verdict !== null) return verdict;
  const scan = search.scanBody(row, header, anatomy);
  for (const [index, range] of scan.ranges.entries()) {
    const settled = scan.write(index, slice(bytes, range));
    if (settled !== null) return settled;
  }
  return scan.end();
}

function slice(bytes: Uint8Array, { start, end }: ByteRange): Uint8Array {
  return bytes.subarray(start, end);
}
