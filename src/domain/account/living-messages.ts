import type { MessageId } from "../ids.ts";
import type { Account } from "./account.ts";
import { messageIdBytes } from "./chunk.ts";
import { messageAt } from "./message-ids.ts";

/** Those of `messages` of which the account has a copy in some mailbox. */
export function livingAmong(account: Account, messages: Iterable<MessageId>): ReadonlySet<MessageId> {
  const asked = new Set(messages);
  const living = new Set<MessageId>();
  if (asked.size === 0) return living;
  // The last four bytes count up, so they tell nearly all ids apart without making text of every row's.
  const endings = new Set(Array.from(asked, (message) => Number.parseInt(message.slice(-8), 16)));
  for (const mailbox of account.mailboxes.values()) {
    for (const chunk of mailbox.chunks) {
      const { fixed, length } = chunk;
      const view = new DataView(fixed.message.buffer, fixed.message.byteOffset);
      for (let row = 0; row < length; row++) {
        if (!endings.has(view.getUint32(row * messageIdBytes + 8))) continue;
        const message = messageAt(chunk, row);
        if (asked.has(message)) living.add(message);
      }
    }
  }
  return living;
}
