import { createHash } from "node:crypto";
import type { Accounts, MessageSource } from "../../../actors/account/requests.ts";
import type { AccountId, MailboxId, RequestId } from "../../../domain/ids.ts";
import { HttpFailure } from "../failure.ts";
import { granted } from "../refusals.ts";

/** What is smaller goes to the account in one request. */
const smallMessage = 128 * 1024;

/**
 * Takes a message in from `pieces` and gives `store` what to append. A large one goes to the account as it comes, each
 * piece when the one before it has been taken; what does not end in a stored message is forgotten there.
 *
 * @throws HttpFailure EmptyMessage
 */
export async function takeMessage<T>(
  accounts: Accounts,
  account: AccountId,
  upload: string,
  pieces: AsyncIterable<Uint8Array>,
  store: (source: MessageSource) => Promise<T>,
): Promise<T> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let begun = false;
  try {
    for await (const piece of pieces) {
      waiting.push(piece);
      size += piece.length;
      if (size < smallMessage) continue;
      if (!begun) {
        granted(await accounts.ask(account, { kind: "uploadBegin", upload }));
        begun = true;
      }
      await flush();
    }
    if (begun) {
      if (size > 0) await flush();
      return await store({ kind: "upload", upload });
    }
    const bytes = new Uint8Array(Buffer.concat(waiting));
    if (bytes.length === 0) throw new HttpFailure(400, "EmptyMessage", "Empty message provided");
    return await store({ kind: "bytes", bytes });
  } catch (error) {
    if (begun) await accounts.ask(account, { kind: "uploadAbort", upload });
    throw error;
  }

  async function flush(): Promise<void> {
    const bytes = new Uint8Array(Buffer.concat(waiting));
    waiting = [];
    size = 0;
    granted(await accounts.ask(account, { kind: "uploadWrite", upload, bytes }));
  }
}

/** The same wish sent again, by its Idempotency-Key, is the same request: it is stored once. */
export function requestNamedBy(key: string, account: AccountId, mailbox: MailboxId): RequestId {
  const digest = createHash("sha256").update(`upload\0${account}\0${mailbox}\0${key}`).digest("hex");
  return digest.slice(0, 24) as RequestId;
}
