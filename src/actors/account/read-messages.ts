import type { Account } from "../../domain/account/account.ts";
import { keywordShift, systemFlagNames, systemMask } from "../../domain/account/flags.ts";
import { runOf } from "../../domain/account/uid-runs.ts";
import type { MessageSummary } from "../../domain/mime/summary.ts";
import { type ContentReader, type MessageRow, messageOf, type Reader, restAfter, takeRows } from "./content-reader.ts";
import { noSuchMailbox } from "./mailbox-reads.ts";
import type { AccountRequests, Attachment, ReadableMessage, Refused, Summaries } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

/** Messages as lists and readers show them: decoded, for people. */

const mostSummaries = 10_000;
/** Hardly any has a kilobyte, but one may have half a megabyte. */
const summariesAtOnce = 64;

export async function readSummaries(
  content: ContentReader,
  reader: Reader,
  { mailbox, uids, maxBytes = Number.POSITIVE_INFINITY }: AccountRequests["readSummaries"]["ask"],
): Promise<Summaries | Refused> {
  const { state } = reader;
  const rows = takeRows(state, mailbox, uids, mostSummaries);
  if (!rows) return noSuchMailbox(mailbox);
  const messages: Summaries["messages"][number][] = [];
  let bytes = 0;
  while (messages.length < rows.length && bytes < maxBytes) {
    const some = rows.slice(messages.length, messages.length + summariesAtOnce);
    const records = await content.fields(reader, some, ["summary"]);
    for (let n = 0; n < some.length && bytes < maxBytes; n++) {
      messages.push(listed(state, some[n]!, records[n]!.summary));
      bytes += records[n]!.summary.length;
    }
  }
  const whole = messages.length === rows.length && rows.length < mostSummaries;
  const last = messages.at(-1);
  return { ok: true, seq: state.seq, messages, rest: whole || !last ? [] : restAfter(uids, last.uid) };
}

/** A message as lists show it; `packed`: the summary of its record. */
export function listed(state: Account, row: MessageRow, packed: Uint8Array): Summaries["messages"][number] {
  const { fixed, marks } = row.chunk;
  const summary = JSON.parse(Buffer.from(packed).toString()) as MessageSummary;
  return {
    ...summary,
    uid: row.uid,
    message: messageOf(row),
    modseq: marks.modseq[row.at]!,
    flags: flagsOf(state, marks.flags[row.at]!),
    size: row.size,
    internalDate: fixed.date[row.at]! * 1000,
  };
}

/** The flags of a word of the flags column, as clients write them. */
export function flagsOf(state: Account, word: number): readonly string[] {
  return [...systemFlagNames(word & systemMask), ...state.keywords.keywords(word >>> keywordShift)];
}

function noSuchMessage(): Refused {
  return { ok: false, refusal: { kind: "noSuchMessage" } };
}

export async function readMessage(
  around: Surroundings,
  content: ContentReader,
  reader: Reader,
  { mailbox, uid, links }: AccountRequests["readMessage"]["ask"],
): Promise<ReadableMessage | Refused> {
  const found = await readSummaries(content, reader, { mailbox, uids: runOf(uid) });
  if (!found.ok) return found;
  const [summary] = found.messages;
  const bytes = await wholeMessage(content, reader, mailbox, uid);
  if (!summary || !bytes) return noSuchMessage();
  return { ok: true, summary, ...(await around.cpu.readable(bytes, links)) };
}

export async function readAttachment(
  around: Surroundings,
  content: ContentReader,
  reader: Reader,
  { mailbox, uid, attachment }: AccountRequests["readAttachment"]["ask"],
): Promise<Attachment | Refused> {
  const bytes = await wholeMessage(content, reader, mailbox, uid);
  if (!bytes) return noSuchMessage();
  const found = await around.cpu.attachment(bytes, attachment);
  return found ? { ok: true, ...found } : noSuchMessage();
}

async function wholeMessage(
  content: ContentReader,
  reader: Reader,
  mailbox: string,
  uid: number,
): Promise<Uint8Array | null> {
  const rows = takeRows(reader.state, mailbox, runOf(uid), 1);
  if (!rows || rows.length === 0) return null;
  return (await content.whole(reader, rows))[0] ?? null;
}
