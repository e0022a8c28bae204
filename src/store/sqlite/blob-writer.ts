import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../actors/runtime/clock.ts";
import type { BlobId } from "../../domain/ids.ts";
import type { BlobWriter } from "../blobs.ts";
import { StoreUnavailable } from "../log.ts";
import { blobPath, temporaryDirectory } from "./blob-files.ts";
import { stateOfFailure } from "./failure.ts";
import { blobKey } from "./keys.ts";
import type { WriterConnection } from "./writer-connection.ts";

/** Small pieces are gathered to this size before they go to the file. */
const gathered = 256 * 1024;

/**
 * One blob on its way: bytes go to a file in `blobs/tmp`; `finish` makes the file durable, has the writer register it
 * and give it its name, and makes the name durable, in this order.
 */
export class FileBlobWriter implements BlobWriter {
  readonly #dataDir: string;
  readonly #writer: WriterConnection;
  readonly #clock: Pick<Clock, "now">;
  readonly #path: string;
  readonly #hash = new Bun.CryptoHasher("sha256");
  #file: FileHandle | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #size = 0;
  #ended = false;

  constructor(dataDir: string, writer: WriterConnection, clock: Pick<Clock, "now">) {
    this.#dataDir = dataDir;
    this.#writer = writer;
    this.#clock = clock;
    this.#path = join(temporaryDirectory(dataDir), randomUUID());
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    this.#hash.update(bytes);
    this.#size += bytes.length;
    this.#held.push(bytes.slice());
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= gathered) await this.#try(() => this.#flush());
  }

  async finish(): Promise<{ blob: BlobId; size: number }> {
    this.#mustBeOpen();
    const blob = this.#hash.digest("hex") as BlobId;
    const to = blobPath(this.#dataDir, blob);
    await this.#try(async () => {
      await this.#flush();
      await this.#file!.datasync();
      await this.#file!.close();
      this.#file = null;
      if ((await mkdir(dirname(to), { recursive: true, mode: 0o700 })) !== undefined) {
        await syncDirectory(dirname(dirname(to)));
      }
    });
    const ask = { blob: blobKey(blob), size: this.#size, from: this.#path, to, now: this.#clock.now() };
    try {
      await this.#writer.ask("putBlob", ask, "put a blob");
    } catch (error) {
      await this.abort();
      throw error;
    }
    this.#ended = true;
    await this.#try(() => syncDirectory(dirname(to)));
    return { blob, size: this.#size };
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#held = [];
    await this.#file?.close();
    this.#file = null;
    await unlink(this.#path).catch(ignoreMissing);
  }

  #mustBeOpen(): void {
    if (this.#ended) throw new Error("Cannot write to a blob: it is finished or aborted");
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#file ??= await open(this.#path, "wx", 0o600);
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at, bytes.length - at)).bytesWritten;
  }

  /** A disk that is full or fails ends the writer: nothing of it is left behind. */
  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (cause) {
      await this.abort();
      const { unavailable, full, why } = stateOfFailure(cause);
      const text = `Cannot write a blob of ${this.#size} bytes: ${why}`;
      throw unavailable ? new StoreUnavailable(text, { cause, full }) : new Error(text, { cause });
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
