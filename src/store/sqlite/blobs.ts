import type { Database } from "bun:sqlite";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock } from "../../actors/runtime/clock.ts";
import type { AccountId, BlobId } from "../../domain/ids.ts";
import type { BlobReference, Blobs, BlobWriter } from "../blobs.ts";
import { StoreUnavailable } from "../log.ts";
import { blobPath } from "./blob-files.ts";
import { FileBlobWriter } from "./blob-writer.ts";
import { referenceSize } from "./blob-writes.ts";
import { stateOfFailure } from "./failure.ts";
import { blobKey, idOf, objectKey } from "./keys.ts";
import type { WriterConnection } from "./writer-connection.ts";

/** Files deleted in one job of the writer: appends wait no longer than for these. */
const sweptAtOnce = 16;
const droppedAtOnce = 500;
const listedAtOnce = 1000;

/** Blobs as files under `blobs/`, their references in `eider.db`. See blob-writes.ts for how a sweep and a put meet. */
export class SqliteBlobs implements Blobs {
  readonly #dataDir: string;
  readonly #writer: WriterConnection;
  readonly #clock: Pick<Clock, "now">;
  readonly #unwanted;

  readonly #references;

  constructor(db: Database, writer: WriterConnection, dataDir: string, clock: Pick<Clock, "now">) {
    this.#dataDir = dataDir;
    this.#writer = writer;
    this.#clock = clock;
    this.#unwanted = db.query<{ blob: Uint8Array; free_since: number }, [number, Uint8Array, number, number]>(
      `SELECT blob, free_since FROM blobs WHERE free_since IS NOT NULL AND (free_since, blob) > (?, ?) AND free_since < ?
       ORDER BY free_since, blob LIMIT ?`,
    );
    this.#references = db.query<
      { blob: Uint8Array; message: Uint8Array },
      [Uint8Array, Uint8Array, Uint8Array, number]
    >(
      `SELECT blob, message FROM blob_references WHERE account = ? AND (blob, message) > (?, ?)
       ORDER BY blob, message LIMIT ?`,
    );
  }

  create(): BlobWriter {
    return new FileBlobWriter(this.#dataDir, this.#writer, this.#clock);
  }

  async read(blob: BlobId, offset: number, length: number): Promise<Uint8Array | null> {
    blobKey(blob);
    let file: FileHandle;
    try {
      file = await open(blobPath(this.#dataDir, blob), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw unreadable(error);
    }
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled < bytes.length ? bytes.subarray(0, filled) : bytes;
    } catch (error) {
      throw unreadable(error);
    } finally {
      await file.close();
    }
  }

  async reference(references: readonly BlobReference[]): Promise<void> {
    if (references.length === 0) return;
    await this.#writer.ask("reference", { keys: pack(references) }, `add ${references.length} blob references`);
  }

  async unreference(references: readonly BlobReference[]): Promise<void> {
    if (references.length === 0) return;
    const ask = { keys: pack(references), now: this.#clock.now() };
    await this.#writer.ask("unreference", ask, `remove ${references.length} blob references`);
  }

  /** A page at a time, so that no statement stays open while its reader is slow. */
  async *references(account: AccountId): AsyncGenerator<BlobReference> {
    const key = objectKey(account);
    let after: { blob: Uint8Array; message: Uint8Array } = { blob: new Uint8Array(0), message: new Uint8Array(0) };
    for (;;) {
      const rows = this.#references.all(key, after.blob, after.message, listedAtOnce);
      for (const { blob, message } of rows) yield { blob: idOf(blob), account, message: idOf(message) };
      if (rows.length < listedAtOnce) return;
      after = rows[rows.length - 1]!;
    }
  }

  async sweep(before: number): Promise<{ deleted: number; bytes: number }> {
    const total = { deleted: 0, bytes: 0 };
    let after: { free_since: number; blob: Uint8Array } = {
      free_since: Number.MIN_SAFE_INTEGER,
      blob: new Uint8Array(0),
    };
    for (;;) {
      const found = this.#unwanted.all(after.free_since, after.blob, before, sweptAtOnce);
      if (found.length === 0) return total;
      const blobs = found.map(({ blob }) => ({ blob, path: blobPath(this.#dataDir, idOf<BlobId>(blob)) }));
      const swept = await this.#writer.ask("sweepBlobs", { blobs, before }, "sweep blobs");
      total.deleted += swept.deleted;
      total.bytes += swept.bytes;
      after = found[found.length - 1]!;
    }
  }

  async drop(account: AccountId): Promise<void> {
    const ask = { account: objectKey(account), limit: droppedAtOnce, now: this.#clock.now() };
    while ((await this.#writer.ask("dropReferences", ask, "drop blob references")) === droppedAtOnce);
  }
}

function pack(references: readonly BlobReference[]): Uint8Array {
  const keys = new Uint8Array(references.length * referenceSize);
  for (const [at, { blob, account, message }] of references.entries()) {
    keys.set(blobKey(blob), at * referenceSize);
    keys.set(objectKey(account), at * referenceSize + 32);
    keys.set(objectKey(message), at * referenceSize + 44);
  }
  return keys;
}

function unreadable(cause: unknown): Error {
  const text = `Cannot read a blob: ${stateOfFailure(cause).why}`;
  return stateOfFailure(cause).unavailable ? new StoreUnavailable(text, { cause }) : new Error(text, { cause });
}
