import type { Attachments, FileDocument } from "./attachments.ts";
import { isDuplicate } from "./duplicate-keys.ts";

const atOnce = 200;
type Candidate = Pick<FileDocument, "_id" | "filename" | "length"> & { metadata: { freed: number } };

/**
 * One round of the sweep; see attachments.ts for the rules it keeps. Every blob is looked at once after it was last
 * put, referenced or unreferenced, not in every round: one with references loses its `freed` until somebody sets it.
 */
export async function sweepBlobs(
  attachments: Attachments,
  before: number,
  now: number,
): Promise<{ deleted: number; bytes: number }> {
  const total = { deleted: 0, bytes: 0 };
  for (;;) {
    const candidates = (await attachments.files
      .find(
        { "metadata.freed": { $lt: before } },
        { projection: { filename: 1, length: 1, "metadata.freed": 1 }, sort: { "metadata.freed": 1 }, limit: atOnce },
      )
      .toArray()) as Candidate[];
    if (candidates.length === 0) break;
    const referenced = await referencedAmong(attachments, candidates);
    let settled = 0;
    for (const file of candidates) {
      const unchanged = { _id: file._id, "metadata.freed": file.metadata.freed };
      if (referenced.has(file.filename)) {
        settled += (await attachments.files.updateOne(unchanged, { $unset: { "metadata.freed": "" } })).modifiedCount;
        continue;
      }
      await announceDeletion(attachments, file, now);
      if ((await attachments.files.deleteOne(unchanged)).deletedCount === 0) continue;
      await forgetChunks(attachments, file);
      settled++;
      total.deleted++;
      total.bytes += file.length;
    }
    // Others are at the same work or the blobs are in demand again: what is left is for the next round.
    if (settled === 0 || candidates.length < atOnce) break;
  }
  await clearPending(attachments, before);
  return total;
}

/** Whoever sweeps a day from now finishes what is begun here, should it be cut off. */
async function announceDeletion({ pending }: Attachments, { _id }: Candidate, at: number): Promise<void> {
  try {
    await pending.updateOne({ _id }, { $set: { at } }, { upsert: true });
  } catch (error) {
    // Another node's sweep has announced it in the same moment.
    if (!isDuplicate(error)) throw error;
  }
}

async function referencedAmong({ references }: Attachments, candidates: readonly Candidate[]): Promise<Set<string>> {
  const found = await Promise.all(
    candidates.map(({ filename }) => references.findOne({ blob: filename }, { projection: { _id: 0, blob: 1 } })),
  );
  return new Set(found.flatMap((reference) => (reference ? [reference.blob] : [])));
}

async function forgetChunks({ chunks, pending }: Attachments, { _id }: Pick<FileDocument, "_id">): Promise<void> {
  await chunks.deleteMany({ files_id: _id });
  await pending.deleteOne({ _id });
}

/** Chunks that a crash left without a file: an upload not finished, a deletion not finished. */
async function clearPending(attachments: Attachments, before: number): Promise<void> {
  for (;;) {
    const left = await attachments.pending.find({ at: { $lte: before } }, { sort: { at: 1 }, limit: atOnce }).toArray();
    if (left.length === 0) return;
    const files = await attachments.files
      .find({ _id: { $in: left.map(({ _id }) => _id) } }, { projection: { _id: 1 } })
      .toArray();
    const finished = new Set(files.map(({ _id }) => _id.toHexString()));
    for (const { _id } of left) {
      if (finished.has(_id.toHexString())) await attachments.pending.deleteOne({ _id });
      else await forgetChunks(attachments, { _id });
    }
    if (left.length < atOnce) return;
  }
}
