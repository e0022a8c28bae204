import type { Account } from "../domain/account/account.ts";
import { departedMessages } from "../domain/account/departed-mail.ts";
import { messagesIn } from "../domain/account/message-ids.ts";
import type { MessageId } from "../domain/ids.ts";

/** Every message that is in some mailbox of the account. */
export function liveMessages(account: Account): Set<MessageId> {
  const live = new Set<MessageId>();
  for (const { chunks } of account.mailboxes.values()) for (const message of messagesIn(chunks)) live.add(message);
  return live;
}

/** Those, and the messages that departed and can still be brought back. */
export function keptMessages(account: Account): Set<MessageId> {
  const kept = liveMessages(account);
  for (const message of departedMessages(account.departed)) kept.add(message);
  return kept;
}
