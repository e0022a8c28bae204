import { createHash } from "node:crypto";
import { ObjectId } from "mongodb";
import type { BlobId } from "../../domain/ids.ts";
import type { BlobWriter } from "../blobs.ts";
import { type Attachments, chunkSize, touch } from "./attachments.ts";
import type { Link } from "./connection.ts";
import { isDuplicate } from "./duplicate-keys.ts";

/** Chunks that go out in one insert: what one upload holds in memory at most. */
const chunksAtOnce = 4;
/** The sweep takes the chunks of an upload for abandoned after a day. */
const longestUpload = 6 * 60 * 60 * 1000;

type Around = {
  readonly attachments: Attachments;
  readonly during: Link["during"];
  readonly clock: { now(): number };
  /** Takes over work that nobody waits for. */
  readonly background: (work: Promise<unknown>) => void;
};

/**
 * Writes one blob. Round trips where its bytes are there already and fit in 1 MB: 1; where they are new: 4, and 1 more
 * for each further MB.
 */
export function blobUpload({ attachments, during, clock, background }: Around): BlobWriter {
  const { files, chunks, pending } = attachments;
  const id = new ObjectId();
  const hash = createHash("sha256");
  let began = 0;
  let waiting: Uint8Array[] = [];
  let tail = new Uint8Array(chunkSize);
  let filled = 0;
  let size = 0;
  let written = 0;
  let state: "open" | "finished" | "aborted" = "open";

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    if (written === 0) {
      began = clock.now();
      await pending.insertOne({ _id: id, at: began });
    }
    const documents = waiting.map((data, at) => ({ _id: new ObjectId(), files_id: id, n: written + at, data }));
    written += documents.length;
    waiting = [];
    await chunks.insertMany(documents, { ordered: false });
  }

  async function write(bytes: Uint8Array): Promise<void> {
    if (state !== "open") throw new Error(`Cannot write to a blob: its writer is ${state}`);
    hash.update(bytes);
    size += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(chunkSize - filled, bytes.length - at);
      tail.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < chunkSize) continue;
      waiting.push(tail);
      tail = new Uint8Array(chunkSize);
      filled = 0;
      if (waiting.length >= chunksAtOnce) await flush();
    }
  }

  async function finish(): Promise<{ blob: BlobId; size: number }> {
    if (state !== "open") throw new Error(`Cannot finish a blob: its writer is ${state}`);
    state = "finished";
    const blob = hash.digest("hex") as BlobId;
    if (written === 0 && (await touch(attachments, [blob], clock.now())) > 0) return { blob, size };
    if (filled > 0) waiting.push(tail.subarray(0, filled));
    await flush();
    if (written > 0 && clock.now() - began > longestUpload)
      throw new Error(`Cannot keep blob ${blob}: its upload took too long`);
    for (;;) {
      const now = clock.now();
      const file = {
        _id: id,
        filename: blob,
        length: size,
        chunkSize,
        uploadDate: new Date(now),
        metadata: { freed: now },
      };
      try {
        await files.insertOne(file);
        if (written > 0) background(pending.deleteOne({ _id: id }));
        return { blob, size };
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
      // A repeated send of our own insert, or somebody else's file of the same bytes; if that was swept just now, ours is wanted after all.
      const kept = await files.findOne({ filename: blob }, { projection: { _id: 1 } });
      if (kept?._id.equals(id)) return { blob, size };
      if (kept !== null && (await touch(attachments, [blob], clock.now())) > 0) {
        if (written > 0) background(forget());
        return { blob, size };
      }
    }
  }

  async function forget(): Promise<void> {
    await chunks.deleteMany({ files_id: id });
    await pending.deleteOne({ _id: id });
  }

  return {
    write: (bytes) => during("write a blob", () => write(bytes)),
    finish: () => during("keep a blob", finish),
    async abort() {
      if (state !== "open") return;
      state = "aborted";
      waiting = [];
      if (written > 0) await during("forget a blob", forget);
    },
  };
}
