import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { BodyPlace, Log } from "../log.ts";

/** The entry asked for is not there, though later ones are: the log was dropped or shortened meanwhile. */
export class LogShortened extends Error {
  override readonly name = "LogShortened";
}

const entriesAtOnce = 500;
/** Bytes of bodies in one page, unless a single entry has more. */
const pageBytes = 4 * 1024 * 1024;

/**
 * The entries of an account after `after`, with their bodies, in pages that fit in memory, up to the head of the moment
 * when the last page was read. A body that the log has let go of comes as no bytes.
 */
export async function* readEntries(log: Log, account: AccountId, after: number): AsyncGenerator<readonly LogEntry[]> {
  let seq = after;
  for (;;) {
    const found = await log.read(account, seq, entriesAtOnce, "no bodies");
    for (const [at, entry] of found.entries()) {
      if (entry.seq !== seq + 1 + at)
        throw new LogShortened(`Cannot read entry ${seq + 1 + at} of account ${account}: it is not there`);
    }
    for (const page of pagesOf(found)) yield await withBodies(log, account, page);
    if (found.length < entriesAtOnce) return;
    seq += found.length;
  }
}

function* pagesOf(entries: readonly LogEntry[]): Generator<readonly LogEntry[]> {
  let page: LogEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const more = bodySizes(entry).reduce((sum, size) => sum + size, 0);
    if (page.length > 0 && bytes + more > pageBytes) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(entry);
    bytes += more;
  }
  if (page.length > 0) yield page;
}

/** Bytes of each body that the entry came with, by index. */
export function bodySizes(entry: LogEntry): readonly number[] {
  const sizes: number[] = [];
  for (const { events } of entry.transactions) {
    for (const event of events) {
      if (event.kind !== "appended") continue;
      for (const piece of event.content) if (piece.kind === "inline") sizes[piece.index] = piece.size;
    }
  }
  return Array.from(sizes, (size) => size ?? 0);
}

async function withBodies(log: Log, account: AccountId, page: readonly LogEntry[]): Promise<readonly LogEntry[]> {
  const places = page.flatMap((entry) => bodySizes(entry).map((_, index): BodyPlace => ({ seq: entry.seq, index })));
  if (places.length === 0) return page;
  const bodies = await log.bodies(account, places);
  let at = 0;
  return page.map((entry) => ({
    ...entry,
    bodies: bodySizes(entry).map(() => bodies[at++] ?? new Uint8Array(0)),
  }));
}
