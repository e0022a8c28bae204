import { departedMessages } from "../../domain/account/departed-mail.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import type { BlobReference } from "../../store/blobs.ts";
import type { Stores } from "../../store/stores.ts";
import type { Find } from "./finding.ts";
import type { Loaded } from "./loaded.ts";
import type { Living } from "./verify-messages.ts";

/** A reference is added before the entry that brings its message: for so long it may be of a message that is on its way, milliseconds. */
const onItsWay = 86_400_000;

/**
 * Blobs are kept for as long as something refers to them: every message that is there, or could be brought back, needs
 * its references, or a sweep takes its bytes. One that belongs to no message keeps bytes for nothing.
 */
export async function verifyReferences(
  stores: Stores,
  id: AccountId,
  living: readonly Living[],
  loaded: Loaded,
  now: number,
  find: Find,
): Promise<void> {
  const kept = new Set<string>();
  const needless: BlobReference[] = [];
  const names = new Map<MessageId, string>(living.map(({ message, name }) => [message, name]));
  for (const message of departedMessages(loaded.account.departed))
    if (!names.has(message)) names.set(message, `expunged message ${message}`);
  const leaving = new Set(loaded.departed.due(loaded.account));
  for await (const reference of stores.blobs.references(id)) {
    kept.add(`${reference.blob} ${reference.message}`);
    if (!names.has(reference.message) && !leaving.has(reference.message)) needless.push(reference);
  }
  for (const [message, name] of names) {
    for (const piece of loaded.unrecorded.get(message)?.place ?? []) {
      if (piece.kind !== "blob" || kept.has(`${piece.blob} ${message}`)) continue;
      const reference = { blob: piece.blob, account: id, message };
      find("reference", `${name}: its reference to blob ${piece.blob} is missing`, {
        kind: "add reference",
        reference,
      });
    }
  }
  for (const reference of needless) {
    if (madeAt(reference.message) > now - onItsWay) continue;
    const text = `blob ${reference.blob} is kept for message ${reference.message}, which is not there`;
    find("reference", text, { kind: "remove reference", reference });
  }
}

/** An id begins with the seconds in which it was made. */
function madeAt(message: MessageId): number {
  return Number.parseInt(message.slice(0, 8), 16) * 1000;
}
