import type { Attachments, FileDocument } from "./attachments.ts";
import { taken } from "./duplicate-keys.ts";

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
    const settled = await setAside(
      attachments,
      candidates.filter(({ filename }) => referenced.has(filename)),
    );
    const gone = await deleteAll(
      attachments,
      candidates.filter(({ filename }) => !referenced.has(filename)),
      now,
    );
    for (const { length } of gone) {
      total.deleted++;
      total.bytes += length;
    }
    // Others are at the same work or the blobs are in demand again: what is left is for the next round.
    if (settled + gone.length === 0 || candidates.length < atOnce) break;
  }
  await clearPending(attachments, before);
  return total;
}

const unchanged = ({ _id, metadata: { freed } }: Candidate) => ({ _id, "metadata.freed": freed });

/** Nobody looks at these again until they are put, referenced or unreferenced; answers how many that was done for. */
async function setAside({ files }: Attachments, referenced: readonly Candidate[]): Promise<number> {
  if (referenced.length === 0) return 0;
  const updates = referenced.map((file) => ({
    updateOne: { filter: unchanged(file), update: { $unset: { "metadata.freed": "" } as const } },
  }));
  return (await files.bulkWrite(updates, { ordered: false })).modifiedCount;
}

/** Deletes those that nobody has touched in the meantime, and answers which they were. */
async function deleteAll(attachments: Attachments, unwanted: readonly Candidate[], now: number): Promise<Candidate[]> {
  if (unwanted.length === 0) return [];
  const { files, chunks, pending } = attachments;
  // Announced first: whoever sweeps a day from now finishes what is begun here, should it be cut off. A key that is
  // taken is another node's announcement of the same.
  const announcements = unwanted.map(({ _id }) => ({
    updateOne: { filter: { _id }, update: { $set: { at: now } }, upsert: true },
  }));
  await taken(() => pending.bulkWrite(announcements, { ordered: false }));
  const gone: Candidate[] = [];
  for (const file of unwanted) {
    if ((await files.deleteOne(unchanged(file))).deletedCount > 0) gone.push(file);
  }
  if (gone.length === 0) return gone;
  const ids = gone.map(({ _id }) => _id);
  await chunks.deleteMany({ files_id: { $in: ids } });
  await pending.deleteMany({ _id: { $in: ids } });
  return gone;
}

async function referencedAmong({ references }: Attachments, candidates: readonly Candidate[]): Promise<Set<string>> {
  const found = await Promise.all(
    candidates.map(({ filename }) => references.findOne({ blob: filename }, { projection: { _id: 0, blob: 1 } })),
  );
  return new Set(found.flatMap((reference) => (reference ? [reference.blob] : [])));
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
    const ids = left.map(({ _id }) => _id);
    const abandoned = ids.filter((id) => !finished.has(id.toHexString()));
    if (abandoned.length > 0) await attachments.chunks.deleteMany({ files_id: { $in: abandoned } });
    await attachments.pending.deleteMany({ _id: { $in: ids } });
    if (left.length < atOnce) return;
  }
}
