import type { Loaded } from "../actors/account/loaded.ts";
import type { SizedReference } from "../store/transfer/blobs-of.ts";

/** Every blob that messages of a base are in, once for each message. */
export function blobsOfBase({ account, unrecorded }: Loaded): SizedReference[] {
  const found: SizedReference[] = [];
  for (const [message, { place }] of unrecorded) {
    for (const piece of place)
      if (piece.kind === "blob") found.push({ blob: piece.blob, size: piece.size, account: account.id, message });
  }
  return found;
}
