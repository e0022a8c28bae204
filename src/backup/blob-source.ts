import { existsSync } from "node:fs";
import type { BlobId } from "../domain/ids.ts";
import type { BlobSource } from "../store/transfer/write-account.ts";
import { FileReader } from "./file-reader.ts";
import { blobFile, inBackup } from "./layout.ts";

/** The blobs of a backup, each proved while it is read. */
export function blobsOfBackup(root: string): BlobSource {
  return async (blob, size) => {
    return existsSync(inBackup(root, blobFile(blob))) ? readBlob(root, blob, size) : null;
  };
}

/** The bytes of a blob of a backup; ends with `BackupDamaged` where they were not the right ones. */
export function* readBlob(root: string, blob: BlobId, size: number): Generator<Uint8Array> {
  const file = new FileReader(root, blobFile(blob));
  try {
    for (let piece = file.some(); piece !== null; piece = file.some()) yield piece;
    file.prove(blob, size);
  } finally {
    file.close();
  }
}
