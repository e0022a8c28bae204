import type { AccountId, RequestId } from "../../domain/ids.ts";

/**
 * Names a delivery by what is delivered: the sender, the account and the message's SHA-256. An MTA that lost our reply
 * sends the same again, and the account, which remembers the names of an hour, keeps one copy. For the same reason one
 * account gets one copy of a message that goes to two of its addresses, in one transaction or in several.
 */
export function deliveryId(sender: string, account: AccountId, contentHash: Uint8Array): RequestId {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(`lmtp\0${sender}\0${account}\0`);
  hasher.update(contentHash);
  return `lmtp-${hasher.digest("hex").slice(0, 40)}` as RequestId;
}
