import type { AccountId } from "../domain/ids.ts";
import { blobsOf, type SizedReference } from "../store/transfer/blobs-of.ts";
import { blobsOfBase } from "./base-blobs.ts";
import { baseOf, entriesOf, type LogFiles } from "./replay.ts";

/** Every blob that the messages of a copied log came with, once for each message. */
export function* copiedReferences(root: string, account: AccountId, log: LogFiles): Generator<SizedReference> {
  const base = baseOf(root, account, log);
  if (base) yield* blobsOfBase(base.loaded);
  for (const entry of entriesOf(root, account, log)) yield* blobsOf([entry]);
}
