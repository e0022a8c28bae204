import type { Account } from "../domain/account/account.ts";
import { type Chunk, messageIdBytes } from "../domain/account/chunk.ts";
import { idText } from "../domain/account/evolve.ts";
import type { MessageId } from "../domain/ids.ts";

/** Every message that is in some mailbox of the account. */
export function liveMessages(account: Account): Set<MessageId> {
  const live = new Set<MessageId>();
  for (const { chunks } of account.mailboxes.values()) addAll(live, chunks);
  return live;
}

/** Those, and the messages that departed and can still be brought back. */
export function keptMessages(account: Account): Set<MessageId> {
  const kept = liveMessages(account);
  for (const { chunks } of account.departed.mailboxes.values()) addAll(kept, chunks);
  return kept;
}

function addAll(messages: Set<MessageId>, chunks: readonly Chunk[]): void {
  for (const { fixed, length } of chunks) {
    for (let at = 0; at < length; at++) messages.add(idText(fixed.message, at * messageIdBytes) as MessageId);
  }
}
