import type { HoldingLimits } from "../domain/account/holding-limits.ts";
import type { Config } from "./config.ts";

/** Memory of a message in an account, living and departed once, bytes. */
const bytesPerMessage = 80;

/** How many messages an account may hold: as configured, and never more than fit into the memory for all of them. */
export function holdingLimits(limits: Config["limits"]): HoldingLimits {
  const { mailbox_messages, account_messages, memory } = limits;
  const accountMessages = Math.min(account_messages, Math.floor(memory / bytesPerMessage));
  return { mailboxMessages: Math.min(mailbox_messages, accountMessages), accountMessages };
}
