import { keptMessages } from "../backup/live-messages.ts";
import { PartNames, unpackAccount } from "../domain/account/snapshot.ts";
import type { AccountId } from "../domain/ids.ts";
import type { MessageField, StoredMessage } from "../store/state.ts";
import type { Stores } from "../store/stores.ts";

const recordsAtOnce = 200;
const fields = ["place", "envelope", "bodystructure", "anatomy", "summary"] as const satisfies MessageField[];

export type Snapshot = NonNullable<Awaited<ReturnType<Stores["state"]["loadSnapshot"]>>>;

/**
 * Brings an account's snapshot along, and before it the records of all messages it speaks of, so that the first session
 * on the new store need not have all mail read again. Where a record or a part is missing it stays behind: the log has it all.
 */
export async function copyState(source: Stores, target: Stores, account: AccountId, snapshot: Snapshot): Promise<void> {
  const { seq, head, parts } = snapshot;
  const messages = messagesOf(snapshot);
  if (messages === null) return;
  for (let from = 0; from < messages.length; from += recordsAtOnce) {
    const some = messages.slice(from, from + recordsAtOnce);
    const found = await source.state.loadMessages(account, some, fields);
    const records = found.flatMap((record, at): StoredMessage[] => (record ? [{ message: some[at]!, ...record }] : []));
    await target.state.saveMessages(account, records);
    if (records.length < some.length) return;
  }
  await target.state.saveSnapshot({ account, seq, head, names: [...parts.keys()], parts });
}

function messagesOf({ head, parts }: Snapshot) {
  try {
    const { account } = JSON.parse(Buffer.from(head).toString()) as { account: string };
    return [...keptMessages(unpackAccount(account, parts, new PartNames()))];
  } catch {
    // A snapshot that cannot be read is passed over by every reader.
    return null;
  }
}
