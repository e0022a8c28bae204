import { existsSync, readdirSync } from "node:fs";
import { type Account, emptyAccount } from "../domain/account/account.ts";
import type { LogEntry } from "../domain/account/events.ts";
import type { AccountId, BlobId, MessageId } from "../domain/ids.ts";
import { type Log, LogCompacted } from "../store/log.ts";
import type { Stores } from "../store/stores.ts";
import { blobsOf, type SizedReference } from "../store/transfer/blobs-of.ts";
import { readEntries } from "../store/transfer/read-entries.ts";
import { blobsOfBase } from "./base-blobs.ts";
import { writeBaseFile } from "./base-file.ts";
import { copiedReferences } from "./copied-references.ts";
import { copyBlob } from "./copy-blob.ts";
import { BackupDamaged } from "./damage.ts";
import { inBackup, logDirectory, readSegmentName, type Segment, segmentPath } from "./layout.ts";
import { liveMessages } from "./live-messages.ts";
import type { AccountLine, Head } from "./manifest.ts";
import { baseOf, provenOrKnown, replay } from "./replay.ts";
import { readSegment } from "./segment.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { tornFile } from "./torn-file.ts";

/** What a run writes to, and what it has found on the way. */
export type Run = {
  readonly root: string;
  /** Directories that got a new name and are not durable yet. */
  readonly touched: Set<string>;
  readonly problems: string[];
  copied: { entries: number; blobs: number; bytes: number };
  /** Accounts whose log is another one than the one copied earlier. */
  rewritten: number;
  /** Files of earlier runs that were gone or torn, and are made anew. */
  readonly renewed: string[];
};

export type LogCopy = Pick<AccountLine, "head" | "base" | "segments" | "absent" | "lacking">;

/**
 * Brings the copy of one account's log up to what the store has now, with every blob that its entries speak of. Starts
 * behind what an earlier run has copied, and behind what a run that was cut short had written already.
 */
export async function copyLog(
  run: Run,
  source: Stores,
  account: AccountId,
  earlier: AccountLine | null,
): Promise<LogCopy> {
  const known = await continued(run, source, account, earlier);
  if (known === "lost") return earlier!;
  const { segments, head: from } = await adopted(run.root, source, account, known);
  const missing: { blob: BlobId; message: MessageId }[] = [];
  const copyBlobs = async (references: readonly SizedReference[]) => {
    for (const { blob, size, message } of references) {
      const result = await copyBlob(run.root, run.touched, source.blobs, blob, size);
      if (result === "missing" || result === "damaged") missing.push({ blob, message });
      if (result === "copied") {
        run.copied.blobs += 1;
        run.copied.bytes += size;
      }
    }
  };
  const lacking = new Set(known.lacking);
  if (lacking.size > 0) {
    for (const reference of copiedReferences(run.root, account, known))
      if (lacking.has(reference.blob)) await copyBlobs([reference]);
  }
  const base = baseOf(run.root, account, known);
  if (base && !earlierHas(earlier, known)) await copyBlobs(blobsOfBase(base.loaded));
  for (const segment of segments.slice(known.segments.length)) {
    for (const entry of readSegment(run.root, account, segment)) await copyBlobs(blobsOf([entry]));
  }

  let state: Account | null = from === null ? (base?.loaded.account ?? emptyAccount(account)) : null;
  let head = from;
  const writer = new SegmentWriter(run.root, run.touched, account);
  try {
    for await (const page of readEntries(source.log, account, from?.seq ?? before(known))) {
      await copyBlobs(blobsOf(page));
      for (const entry of page) {
        if (state) state = provenOrKnown(state, entry);
        writer.write(entry);
        run.copied.entries += 1;
      }
      const { seq, at, batch, checksum } = page[page.length - 1]!;
      head = { seq, at, batch, checksum };
    }
  } catch (error) {
    writer.abort();
    throw error;
  }
  const written = writer.finish();
  for (const { bytes } of written) run.copied.bytes += bytes;
  const absent = known.absent.filter((blob) => !lacking.has(blob));
  const line = { head, base: known.base, segments: [...segments, ...written], absent };
  if (missing.length === 0) return line;
  const live = liveMessages(state ?? (await replay(run.root, account, line)));
  const needed = missing.filter(({ message }) => live.has(message));
  for (const { blob, message } of needed)
    run.problems.push(`account ${account}: blob ${blob} of message ${message} is missing or damaged in the store`);
  const each = (some: typeof missing) => [...new Set(some.map(({ blob }) => blob))];
  return {
    ...{ ...line, absent: [...new Set([...absent, ...each(missing)])] },
    ...(needed.length > 0 ? { lacking: each(needed) } : {}),
  };
}

type Known = LogCopy;

/** The entry before the first one that is to be copied. */
function before({ base }: Known): number {
  return base ? base.seq - 1 : 0;
}

function earlierHas(earlier: AccountLine | null, { base }: Known): boolean {
  return earlier?.base?.sha256 === base?.sha256;
}

/** What of the earlier copy is the beginning of the store's log; else what the store's log begins with. */
async function continued(
  run: Run,
  { log }: Stores,
  account: AccountId,
  earlier: AccountLine | null,
): Promise<Known | "lost"> {
  if (!earlier?.head) return beginning(run, log, account);
  const { seq, batch } = earlier.head;
  const there = await entryAt(log, account, seq);
  if (there === "compacted") return beginning(run, log, account);
  if (there?.seq === seq && there.batch === batch) {
    const torn = tornFile(run.root, account, earlier);
    if (torn === null) return earlier;
    run.renewed.push(torn);
    return beginning(run, log, account);
  }
  if (there === undefined && (await log.heads([account]))[0] === 0) {
    run.problems.push(`account ${account}: the store has no log of it any more; what was copied earlier is kept`);
    return "lost";
  }
  run.rewritten += 1;
  return beginning(run, log, account);
}

async function entryAt(log: Log, account: AccountId, seq: number): Promise<LogEntry | undefined | "compacted"> {
  try {
    return (await log.read(account, seq - 1, 1, "no bodies"))[0];
  } catch (error) {
    // More has been appended and compacted since the last run than is kept: what lies between is gone for good.
    if (error instanceof LogCompacted) return "compacted";
    throw error;
  }
}

async function beginning(run: Run, log: Log, account: AccountId): Promise<Known> {
  const base = await log.base(account);
  const file = base && (await writeBaseFile(run.root, run.touched, log, base));
  return { head: null, base: file, segments: [], absent: [] };
}

/** Takes over whole segments that follow `known` and that no list names: a run that was cut short wrote them. */
async function adopted(root: string, { log }: Stores, account: AccountId, known: Known): Promise<Known> {
  const directory = inBackup(root, logDirectory(account));
  if (!existsSync(directory)) return known;
  const named = new Set(known.segments.map(({ sha256 }) => sha256));
  const found = readdirSync(directory).flatMap((name) => readSegmentName(name) ?? []);
  const segments = [...known.segments];
  let { head } = known;
  for (;;) {
    const next = found.find(({ first, sha256 }) => first === (head?.seq ?? before(known)) + 1 && !named.has(sha256));
    const proven = next && provenEnd(root, account, next);
    if (!proven) return { ...known, segments, head };
    const there = await entryAt(log, account, proven.head.seq);
    if (there === "compacted" || there?.batch !== proven.head.batch) return { ...known, segments, head };
    named.add(next.sha256);
    segments.push({ ...next, bytes: proven.bytes });
    head = proven.head;
  }
}

function provenEnd(
  root: string,
  account: AccountId,
  segment: Omit<Segment, "bytes">,
): { head: Head; bytes: number } | null {
  try {
    const end = { head: null as Head | null };
    const bytes = Bun.file(inBackup(root, segmentPath(account, segment))).size;
    for (const { seq, at, batch, checksum } of readSegment(root, account, { ...segment, bytes }))
      end.head = { seq, at, batch, checksum };
    return end.head && { head: end.head, bytes };
  } catch (error) {
    if (error instanceof BackupDamaged) return null;
    throw error;
  }
}
