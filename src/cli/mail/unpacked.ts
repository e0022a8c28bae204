import { gunzipSync } from "node:zlib";
import { PassedOver } from "./held-directory.ts";
import { largestMessage } from "./mail-file.ts";

/**
 * The message in a file that may be compressed: Dovecot's zlib plugin keeps such files in maildirs, under the names of
 * plain ones, and knows them by how they begin.
 *
 * @throws PassedOver for kinds of compression that are not read, and for damaged files
 */
export function unpacked(bytes: Buffer): Buffer {
  const start = bytes.toString("latin1", 0, 16);
  if (start.startsWith("\x1f\x8b\x08")) {
    try {
      return gunzipSync(bytes, { maxOutputLength: largestMessage });
    } catch (error) {
      throw new PassedOver(`it is compressed with gzip and cannot be read: ${(error as Error).message}`);
    }
  }
  const kind = [...others].find(([magic]) => start.startsWith(magic))?.[1];
  if (kind) throw new PassedOver(`it is compressed with ${kind}`);
  return bytes;
}

const others: ReadonlyMap<string, string> = new Map([
  ["BZh", "bzip2"],
  ["\xfd7zXZ\0", "xz"],
  ["\x28\xb5\x2f\xfd", "zstd"],
  ["Dovecot-LZ4", "LZ4"],
]);
