import type { LogEntry } from "../../domain/account/events.ts";
import type { Log } from "../log.ts";

/**
 * Appends consecutive entries of one account, as they are, that were another log's: for a log that nobody else writes.
 * Entries that are there already, from an earlier attempt, stay. Throws where an entry of another history is in the way.
 */
export async function appendRun(log: Log, entries: readonly LogEntry[]): Promise<void> {
  const results = await log.append(entries);
  const at = results.indexOf("conflict");
  if (at < 0) return;
  const { account, seq } = entries[at]!;
  throw new Error(`Cannot append entry ${seq} of account ${account}: another entry has its place`);
}
