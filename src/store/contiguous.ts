import type { AccountId } from "../domain/ids.ts";
import { type Compaction, LogCompacted } from "./log.ts";

/**
 * Entries read after `after`; throws `LogCompacted` where one between them is missing because it was trimmed, before or
 * while they were read. A gap that no base stands for is left in: something is wrong with the log. `compaction` is only
 * asked where there is a gap.
 */
export async function contiguous<E extends { readonly seq: number }>(
  account: AccountId,
  after: number,
  entries: E[],
  compaction: () => Compaction | Promise<Compaction>,
): Promise<E[]> {
  const gap = entries.findIndex(({ seq }, at) => seq !== after + 1 + at);
  if (gap < 0) return entries;
  const { base } = await compaction();
  if (base > after + gap + 1) throw new LogCompacted(account, after, base);
  return entries;
}
