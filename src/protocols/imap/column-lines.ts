import type { ColumnName, Columns } from "../../actors/account/requests.ts";
import type { UidRuns } from "../../domain/account/uid-runs.ts";
import type { SessionIn } from "./command.ts";
import { tellKeywords } from "./tell-news.ts";
import { type ColumnItems, writeFetchLines } from "./wire/print/fetch-lines.ts";

/** Messages asked for at a time, and lines written before the client's reading is looked at. */
const messagesPerRead = 65_536;
const linesPerWrite = 4_096;

/** Writes `* n FETCH (…)` of items that come from columns; answers whether the client is there still. */
export async function writeColumnLines(
  session: SessionIn<"selected">,
  uids: UidRuns,
  items: ColumnItems,
  changedSince?: number,
): Promise<boolean> {
  const { view } = session;
  const walk = view.walk();
  for (const some of inPortions(uids, messagesPerRead)) {
    const columns = await session.read({
      kind: "readColumns",
      mailbox: view.mailbox,
      uids: some,
      columns: columnsFor(items),
      ...(changedSince !== undefined && { changedSince }),
    });
    tellKeywords(session, view, columns.keywordSets);
    for (let at = 0; at < columns.uids.length; at += linesPerWrite) {
      writeFetchLines(session.out, slice(columns, at, at + linesPerWrite), items, walk, view.recent);
      if (session.socket.congested && !(await session.room())) return false;
    }
  }
  return session.alive;
}

function columnsFor({ flags, modseq, size, internaldate }: ColumnItems): readonly ColumnName[] {
  const columns: ColumnName[] = [];
  if (flags) columns.push("flags");
  if (modseq) columns.push("modseq");
  if (size) columns.push("size");
  if (internaldate) columns.push("date");
  return columns;
}

function slice(columns: Columns, from: number, to: number): Columns {
  if (from === 0 && columns.uids.length <= to) return columns;
  return {
    ...columns,
    uids: columns.uids.subarray(from, to),
    modseqs: columns.modseqs.subarray(from, to),
    flags: columns.flags.subarray(from, to),
    sizes: columns.sizes.subarray(from, to),
    dates: columns.dates.subarray(from, to),
  };
}

/** The set in portions of at most `most` UIDs, ascending. */
export function* inPortions(uids: UidRuns, most: number): Generator<UidRuns> {
  let portion: number[] = [];
  let room = most;
  for (let at = 0; at < uids.length; at += 2) {
    let first = uids[at]!;
    const last = uids[at + 1]!;
    while (first <= last) {
      const end = Math.min(last, first + room - 1);
      portion.push(first, end);
      room -= end - first + 1;
      first = end + 1;
      if (room > 0) continue;
      yield portion;
      portion = [];
      room = most;
    }
  }
  if (portion.length > 0) yield portion;
}
