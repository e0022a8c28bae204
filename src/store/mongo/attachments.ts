import type { Collection, Db, ObjectId } from "mongodb";
import type { BlobId } from "../../domain/ids.ts";
import type { ReferenceDocument } from "./documents.ts";

/**
 * The GridFS bucket `attachments`, in GridFS's own layout, so that any GridFS tool reads it: a file's `filename` is the
 * blob's hash (unique), its `_id` names the upload that brought it. Chunks belong to one upload and are never shared,
 * so whatever becomes of an upload, no other one's bytes are touched.
 *
 * A file is there when its document is, which is inserted after its chunks. `pending` names every upload and every file
 * whose chunks may be there without a file document; the sweep clears what was left by a crash.
 *
 * `metadata.freed` is when the blob was last put, referenced or unreferenced; absent once a sweep has found references.
 * The sweep deletes a file only if `freed` is still what it was before it looked at the references, and everybody else
 * moves `freed` before they rely on the blob: so of a sweep and a put (or reference) that meet, the sweep gives way.
 */
export type Attachments = {
  readonly files: Collection<FileDocument>;
  readonly chunks: Collection<ChunkDocument>;
  readonly pending: Collection<PendingDocument>;
  readonly references: Collection<ReferenceDocument>;
};
export type FileDocument = {
  _id: ObjectId;
  filename: BlobId;
  length: number;
  chunkSize: number;
  uploadDate: Date;
  metadata: { freed?: number };
};
export type ChunkDocument = { _id: ObjectId; files_id: ObjectId; n: number; data: Uint8Array };
export type PendingDocument = { _id: ObjectId; at: number };

/** GridFS's default. */
export const chunkSize = 255 * 1024;

export function attachmentsOf(db: Db): Attachments {
  return {
    files: db.collection("attachments.files"),
    chunks: db.collection("attachments.chunks"),
    pending: db.collection("attachments.pending"),
    references: db.collection("blobrefs"),
  };
}

/** Keeps the sweep away from these blobs for as long as its grace is; answers how many of them are there. */
export async function touch({ files }: Attachments, blobs: readonly BlobId[], now: number): Promise<number> {
  const filter = blobs.length === 1 ? { filename: blobs[0]! } : { filename: { $in: [...blobs] } };
  const { matchedCount } = await files.updateMany(filter, { $max: { "metadata.freed": now } });
  return matchedCount;
}
