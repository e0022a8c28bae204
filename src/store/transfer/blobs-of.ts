import type { LogEntry } from "../../domain/account/events.ts";
import type { BlobReference } from "../blobs.ts";

export type SizedReference = BlobReference & { readonly size: number };

/** Every blob that messages of these entries came with, once for each message. */
export function blobsOf(entries: readonly LogEntry[]): SizedReference[] {
  const found: SizedReference[] = [];
  for (const { account, transactions } of entries) {
    for (const { events } of transactions) {
      for (const event of events) {
        if (event.kind !== "appended") continue;
        for (const piece of event.content) {
          if (piece.kind === "blob")
            found.push({ blob: piece.blob, size: piece.size, account, message: event.message });
        }
      }
    }
  }
  return found;
}
