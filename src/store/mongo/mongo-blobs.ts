import { ObjectId } from "mongodb";
import type { AccountId, BlobId, MessageId } from "../../domain/ids.ts";
import type { BlobReference, Blobs } from "../blobs.ts";
import { attachmentsOf, type FileDocument, touch } from "./attachments.ts";
import { sweepBlobs } from "./blob-sweep.ts";
import { blobUpload } from "./blob-upload.ts";
import type { Link } from "./connection.ts";
import { objectId } from "./documents.ts";
import { taken } from "./duplicate-keys.ts";

type FileFacts = Pick<FileDocument, "_id" | "length" | "chunkSize">;
const rememberedFiles = 2_000;
const dropAtOnce = 1_000;

/** Blobs in GridFS; what holds across its parts is said in attachments.ts. */
export function mongoBlobs({ db, during }: Link, clock: { now(): number }): Blobs & { settled(): Promise<void> } {
  const attachments = attachmentsOf(db);
  const { files, chunks, references } = attachments;
  /** A file never changes: where its chunks are can be remembered. Chunks that are missing say that it was swept. */
  const remembered = new Map<BlobId, FileFacts>();
  const inBackground = new Set<Promise<unknown>>();

  /** Tidying that nobody waits for; what fails is left to the sweep. */
  function background(work: Promise<unknown>): void {
    const tracked = work.then(
      () => {},
      () => {},
    );
    inBackground.add(tracked);
    tracked.then(() => inBackground.delete(tracked));
  }

  async function factsOf(blob: BlobId): Promise<FileFacts | null> {
    const file = await files.findOne({ filename: blob }, { projection: { length: 1, chunkSize: 1 } });
    if (file === null) return null;
    if (remembered.size >= rememberedFiles) remembered.delete(remembered.keys().next().value!);
    remembered.set(blob, file);
    return file;
  }

  async function read(blob: BlobId, offset: number, length: number): Promise<Uint8Array | null> {
    const known = remembered.get(blob);
    if (known !== undefined && offset < known.length && length > 0) {
      const bytes = await rangeOf(known, offset, length);
      if (bytes !== null) return bytes;
      remembered.delete(blob);
    }
    // Between the two reads a sweep may take the file, and somebody may put it again under another upload.
    for (let round = 0; round < 3; round++) {
      const file = await factsOf(blob);
      if (file === null) return null;
      const bytes = await rangeOf(file, offset, length);
      if (bytes !== null) return bytes;
      remembered.delete(blob);
    }
    throw new Error(`Cannot read blob ${blob}: its chunks are missing`);
  }

  async function rangeOf(file: FileFacts, offset: number, length: number): Promise<Uint8Array | null> {
    const end = Math.min(offset + length, file.length);
    if (end <= offset) return new Uint8Array(0);
    const first = Math.floor(offset / file.chunkSize);
    const last = Math.floor((end - 1) / file.chunkSize);
    const filter =
      first === last ? { files_id: file._id, n: first } : { files_id: file._id, n: { $gte: first, $lte: last } };
    const found = await chunks
      .find(filter, { projection: { _id: 0, n: 1, data: 1 }, sort: { files_id: 1, n: 1 }, batchSize: last - first + 2 })
      .toArray();
    if (found.length !== last - first + 1) return null;
    const bytes = new Uint8Array(end - offset);
    for (const { n, data } of found) {
      const start = n * file.chunkSize;
      const from = Math.max(offset, start);
      const to = Math.min(end, start + file.chunkSize);
      bytes.set(data.subarray(from - start, to - start), from - offset);
    }
    return bytes;
  }

  async function reference(wanted: readonly BlobReference[]): Promise<void> {
    if (wanted.length === 0) return;
    await touch(attachments, blobsOf(wanted), clock.now());
    const documents = wanted.map(({ blob, account, message }) => ({
      _id: new ObjectId(),
      blob,
      account: objectId(account),
      message: objectId(message),
    }));
    await taken(() => references.insertMany(documents, { ordered: false }));
  }

  async function unreference(unwanted: readonly BlobReference[]): Promise<void> {
    if (unwanted.length === 0) return;
    // First, so that a crash between the two leaves a blob that is looked at in vain, not one that is never looked at.
    await touch(attachments, blobsOf(unwanted), clock.now());
    const deletions = unwanted.map(({ blob, account, message }) => ({
      deleteOne: { filter: { blob, account: objectId(account), message: objectId(message) } },
    }));
    await references.bulkWrite(deletions, { ordered: false });
  }

  async function drop(account: AccountId): Promise<void> {
    for (;;) {
      const found = await references
        .find({ account: objectId(account) }, { projection: { blob: 1 }, limit: dropAtOnce, batchSize: dropAtOnce + 1 })
        .toArray();
      if (found.length === 0) return;
      await touch(attachments, [...new Set(found.map(({ blob }) => blob))], clock.now());
      await references.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    }
  }

  async function* listReferences(account: AccountId): AsyncGenerator<BlobReference> {
    const cursor = references.find({ account: objectId(account) }, { projection: { _id: 0, blob: 1, message: 1 } });
    try {
      for (;;) {
        const next = await during("list an account's blobs", () => cursor.next());
        if (next === null) return;
        yield { blob: next.blob, account, message: next.message.toHexString() as MessageId };
      }
    } finally {
      await cursor.close();
    }
  }

  return {
    references: listReferences,
    create: () => blobUpload({ attachments, during, clock, background }),
    read: (blob, offset, length) => during("read a blob", () => read(blob, offset, length)),
    reference: (wanted) => during("reference blobs", () => reference(wanted)),
    unreference: (unwanted) => during("unreference blobs", () => unreference(unwanted)),
    sweep: (before) => during("sweep blobs", () => sweepBlobs(attachments, before, clock.now())),
    drop: (account) => during("drop an account's blobs", () => drop(account)),
    settled: async () => {
      await Promise.all(inBackground);
    },
  };
}

const blobsOf = (references: readonly BlobReference[]) => [...new Set(references.map(({ blob }) => blob))];
