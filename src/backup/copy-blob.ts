import { existsSync, statSync } from "node:fs";
import type { BlobId } from "../domain/ids.ts";
import type { Blobs } from "../store/blobs.ts";
import { FileWriter } from "./file-writer.ts";
import { blobFile, inBackup } from "./layout.ts";

const readAtOnce = 1024 * 1024;

export type BlobCopied = "copied" | "there already" | "missing" | "damaged";

/** Brings a blob of `size` bytes into the backup. Nothing gets the blob's name that does not hold its bytes. */
export async function copyBlob(
  root: string,
  touched: Set<string>,
  blobs: Blobs,
  blob: BlobId,
  size: number,
): Promise<BlobCopied> {
  const path = inBackup(root, blobFile(blob));
  if (existsSync(path) && statSync(path).size === size) return "there already";
  const file = new FileWriter(root, touched);
  for (let at = 0; at < size; ) {
    const bytes = await blobs.read(blob, at, Math.min(readAtOnce, size - at));
    if (bytes === null || bytes.length === 0) {
      file.abort();
      return bytes === null ? "missing" : "damaged";
    }
    file.write(bytes);
    at += bytes.length;
  }
  const { sha256 } = file.finish((hash) => (hash === blob ? blobFile(blob) : null));
  return sha256 === blob ? "copied" : "damaged";
}
