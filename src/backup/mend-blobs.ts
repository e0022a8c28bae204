import type { Account } from "../domain/account/account.ts";
import type { BlobId } from "../domain/ids.ts";
import type { Blobs } from "../store/blobs.ts";
import { BroughtBlobs } from "../store/transfer/write-account.ts";
import { blobsOfBackup } from "./blob-source.ts";
import { copiedReferences } from "./copied-references.ts";
import { liveMessages } from "./live-messages.ts";
import type { AccountLine } from "./manifest.ts";

const readAtOnce = 1024 * 1024;

/**
 * Brings from the backup those blobs of `wanted`'s messages that `blobs` has lost or holds damaged: the messages are in
 * their places, so that nothing else would bring them. Answers how many were brought, and which are still wrong.
 */
export async function mendBlobs(
  blobs: Blobs,
  root: string,
  line: AccountLine,
  wanted: Account,
): Promise<{ mended: number; wrong: BlobId[] }> {
  const live = liveMessages(wanted);
  const sizes = new Map<BlobId, number>();
  for (const { blob, size, message } of copiedReferences(root, line.user.id, line))
    if (live.has(message)) sizes.set(blob, size);
  const brought = new BroughtBlobs();
  const wrong: BlobId[] = [];
  let mended = 0;
  for (const [blob, size] of sizes) {
    if (await isSound(blobs, blob, size)) continue;
    await brought.bring(blobs, { blob, size }, blobsOfBackup(root));
    if (await isSound(blobs, blob, size)) mended += 1;
    else wrong.push(blob);
  }
  return { mended, wrong };
}

async function isSound(blobs: Blobs, blob: BlobId, size: number): Promise<boolean> {
  const hash = new Bun.CryptoHasher("sha256");
  for (let at = 0; at < size; ) {
    const bytes = await blobs.read(blob, at, Math.min(readAtOnce, size - at)).catch(() => null);
    if (bytes === null || bytes.length === 0) return false;
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest("hex") === blob;
}
