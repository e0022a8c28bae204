import type { Account, Mailbox } from "../../domain/account/account.ts";
import { keywordShift, systemFlagNames, systemMask } from "../../domain/account/flags.ts";
import { runsOfSorted } from "../../domain/account/uid-runs.ts";
import { breadthOf } from "../../domain/search/breadth.ts";
import { type CompiledSearch, compile } from "../../domain/search/compile.ts";
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
/** Tests made of messages at a time: about a millisecond of them here, and a job of a CPU worker. */
const testsPerStep = 20_000;
const testsPerBatch = 50_000;

/**
 * SEARCH: what the columns decide is decided here, in slices that leave the thread to others in between; for the rest
 * the messages are read, and a CPU worker looks into them: one search of an account at a time.
 */
export async function search(
  around: Surroundings,
  content: ContentReader,
  reader: Reader,
  { mailbox: id, criteria }: AccountRequests["search"]["ask"],
): Promise<SearchResult | Refused> {
  const { state } = reader;
  const mailbox = state.mailboxes.get(id);
  if (!mailbox) return noSuchMailbox(id);
  const breadth = breadthOf(criteria);
  const found: number[] = [];
  let modSeq = 0;
  const take = (uid: number, modseq: number): void => {
    found.push(uid);
    modSeq = Math.max(modSeq, modseq);
  };
  const compiled = compile(criteria);
  const look = async (): Promise<boolean> => {
    const rows = undecided(state, mailbox, compiled, { take, step: Math.ceil(testsPerStep / breadth) });
    const most = Math.max(1, Math.min(batchRows, Math.floor(testsPerBatch / breadth)));
    for (;;) {
      const batch = await content.slices.run(nextBatch(rows, most));
      if (batch.length === 0) return true;
      const messages = await searchable(content, reader, batch);
      const matches = await around.cpu.search(criteria, messages);
      for (const [n, each] of messages.entries()) if (matches[n]) take(each.uid, each.modseq);
    }
  };
  // Whoever asks for flags only does not wait for somebody else's look into all messages.
  const searched = await (compiled.needs === "columns" ? look() : content.searches.take(reader.id, look));
  if (!searched) return { ok: false, refusal: { kind: "busy", why: "too many searches wait for this account" } };
  found.sort((a, b) => a - b);
  return { ok: true, seq: state.seq, uids: runsOfSorted(found), modSeq };
}

/** The messages of which the columns do not decide, and now and then, after `step` rows, nothing; the others are taken. */
function* undecided(
  state: Account,
  mailbox: Mailbox,
  compiled: CompiledSearch,
  { take, step }: { take: (uid: number, modseq: number) => void; step: number },
): Generator<MessageRow | null, null> {
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
  let left = step;
  for (const chunk of mailbox.chunks) {
    const { fixed, marks } = chunk;
    for (let at = 0; at < chunk.length; at++) {
      row.uid = fixed.uid[at]!;
      row.modseq = marks.modseq[at]!;
      row.size = fixed.size[at]!;
      row.date = fixed.date[at]!;
      word = marks.flags[at]!;
      const verdict = compiled.matchColumns(row);
      if (verdict) take(row.uid, row.modseq);
      else if (verdict === null) yield { chunk, at, uid: row.uid, size: row.size };
      if (--left > 0) continue;
      left = step;
      yield null;
    }
  }
  return null;
}

/** The next rows to look into, as many as are read at a time. */
function* nextBatch(rows: Iterator<MessageRow | null>, most: number): Generator<void, MessageRow[]> {
  const batch: MessageRow[] = [];
  for (let bytes = 0; batch.length < most && bytes < batchBytes; ) {
    const next = rows.next();
    if (next.done) break;
    if (next.value === null) {
      yield;
      continue;
    }
    batch.push(next.value);
    bytes += next.value.size;
  }
  return batch;
}

async function searchable(
  content: ContentReader,
  reader: Reader,
  rows: readonly MessageRow[],
): Promise<readonly SearchedMessage[]> {
  const whole = await content.whole(reader, rows);
  return rows.map(({ chunk, at, uid, size }, n) => {
    const { fixed, marks } = chunk;
    return {
      bytes: whole[n]!,
      uid,
      modseq: marks.modseq[at]!,
      size,
      date: fixed.date[at]!,
      flags: flagsOf(reader.state, marks.flags[at]!).map((flag) => flag.toLowerCase()),
    };
  });
}
