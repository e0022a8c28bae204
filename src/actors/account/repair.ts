import type { AccountId, MessageId } from "../../domain/ids.ts";
import { opaqueDescription } from "../../domain/mime/description.ts";
import type { BlobReference } from "../../store/blobs.ts";
import type { Stores } from "../../store/stores.ts";
import { jobs } from "../workers/jobs.ts";
import { readWhole } from "./message-bytes.ts";
import { packPlace } from "./message-place.ts";
import { replayProved } from "./replay-proved.ts";
import type { Verified } from "./verify.ts";

/**
 * Makes again from the log what `verifyAccount` found wrong and can be made again: single records, references, the
 * snapshot. Touches neither the log nor blobs, nor anything that was right. No node may have the account in memory.
 *
 * @returns what was done, a line each
 */
export async function repairAccount(stores: Stores, { account: id, findings }: Verified): Promise<readonly string[]> {
  const done: string[] = [];
  const records = new Set<MessageId>();
  const [missing, needless]: [BlobReference[], BlobReference[]] = [[], []];
  let snapshot = false;
  for (const { repair } of findings) {
    if (repair?.kind === "record") records.add(repair.message);
    else if (repair?.kind === "add reference") missing.push(repair.reference);
    else if (repair?.kind === "remove reference") needless.push(repair.reference);
    else if (repair?.kind === "snapshot") snapshot = true;
  }
  // Before all else: what nothing refers to may be swept.
  if (missing.length > 0) {
    await stores.blobs.reference(missing);
    done.push(`account ${id}: ${missing.length} references added`);
  }
  if (needless.length > 0) {
    await stores.blobs.unreference(needless);
    done.push(`account ${id}: ${needless.length} references removed`);
  }
  if (records.size > 0) {
    await makeRecords(stores, id, [...records]);
    done.push(`account ${id}: ${records.size} records made again`);
  }
  if (snapshot) {
    await stores.state.dropSnapshot(id);
    done.push(`account ${id}: snapshot thrown away; the next start makes it again from the log`);
  }
  return done;
}

async function makeRecords(stores: Stores, id: AccountId, messages: readonly MessageId[]): Promise<void> {
  const { loaded } = await replayProved(stores, id, -1, () => {});
  for (const message of messages) {
    const { place } = loaded.unrecorded.get(message)!;
    const [bytes] = await readWhole(stores, id, [place]);
    const [described] = await jobs.describe([bytes!]);
    const record = { message, place: packPlace(place), ...(described ?? opaqueDescription(bytes!.length)) };
    // A record is written once: the wrong one has to go first. Cut off between the two, it is missing and found again.
    await stores.state.deleteMessages(id, [message]);
    await stores.state.saveMessages(id, [record]);
  }
}
