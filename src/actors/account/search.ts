import { keywordShift, systemFlagNames, systemMask } from "../../domain/account/flags.ts";
import { eachRow } from "../../domain/account/rows.ts";
import { runsOfSorted } from "../../domain/account/uid-runs.ts";
import { compile } from "../../domain/search/compile.ts";
import type { ColumnRow } from "../../domain/search/evaluate.ts";
import type { SearchedMessage } from "../workers/cpu.ts";
import type { ContentReader, MessageRow, Reader } from "./content-reader.ts";
import { noSuchMailbox } from "./mailbox-reads.ts";
import { flagsOf } from "./read-messages.ts";
import type { AccountRequests, Refused, SearchResult } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

/** Bytes and messages that are looked into at a time. */
const batchBytes = 4 * 1024 * 1024;
const batchRows = 500;

/** SEARCH: what the columns decide is decided here; for the rest the messages are read, and a CPU worker looks into them. */
export async function search(
  around: Surroundings,
  content: ContentReader,
  reader: Reader,
  { mailbox: id, criteria }: AccountRequests["search"]["ask"],
): Promise<SearchResult | Refused> {
  const { state } = reader;
  const mailbox = state.mailboxes.get(id);
  if (!mailbox) return noSuchMailbox(id);
  const compiled = compile(criteria);
  const found: number[] = [];
  const open: MessageRow[] = [];
  let modSeq = 0;
  const flagSets = new Map<number, ReadonlySet<string>>();
  let word = 0;
  const row: ColumnRow = {
    uid: 0,
    modseq: 0,
    size: 0,
    date: 0,
    hasFlag(flag) {
      let flags = flagSets.get(word);
      if (!flags) {
        const names = [...systemFlagNames(word & systemMask), ...state.keywords.keywords(word >>> keywordShift)];
        flags = new Set(names.map((name) => name.toLowerCase()));
        flagSets.set(word, flags);
      }
      return flags.has(flag.toLowerCase());
    },
  };
  const take = (uid: number, modseq: number): void => {
    found.push(uid);
    modSeq = Math.max(modSeq, modseq);
  };
  eachRow(mailbox, [1, mailbox.uidNext], (chunk, at) => {
    const { fixed, marks } = chunk;
    row.uid = fixed.uid[at]!;
    row.modseq = marks.modseq[at]!;
    row.size = fixed.size[at]!;
    row.date = fixed.date[at]!;
    word = marks.flags[at]!;
    const verdict = compiled.matchColumns(row);
    if (verdict) take(row.uid, row.modseq);
    else if (verdict === null) open.push({ chunk, at, uid: row.uid, size: row.size });
  });
  for (let from = 0; from < open.length; ) {
    const batch: MessageRow[] = [];
    for (let bytes = 0; from < open.length && batch.length < batchRows && bytes < batchBytes; from++) {
      batch.push(open[from]!);
      bytes += open[from]!.size;
    }
    const whole = await content.whole(reader, batch);
    const messages = batch.map(({ chunk, at, uid, size }, n): SearchedMessage => {
      const { fixed, marks } = chunk;
      return {
        bytes: whole[n]!,
        uid,
        modseq: marks.modseq[at]!,
        size,
        date: fixed.date[at]!,
        flags: flagsOf(state, marks.flags[at]!).map((flag) => flag.toLowerCase()),
      };
    });
    const matches = await around.cpu.search(criteria, messages);
    for (const [n, each] of messages.entries()) if (matches[n]) take(each.uid, each.modseq);
  }
  found.sort((a, b) => a - b);
  return { ok: true, seq: state.seq, uids: runsOfSorted(found), modSeq };
}
