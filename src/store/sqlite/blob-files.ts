import { join } from "node:path";
import type { BlobId } from "../../domain/ids.ts";

/** `blobs/ab/abcdef…`: 256 directories, so that none grows large. */
export function blobPath(dataDir: string, blob: BlobId): string {
  return join(dataDir, "blobs", blob.slice(0, 2), blob);
}

/** Where blobs are written until they have a name; emptied at start. */
export function temporaryDirectory(dataDir: string): string {
  return join(dataDir, "blobs", "tmp");
}
