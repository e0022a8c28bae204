import { statSync } from "node:fs";
import type { AccountId } from "../domain/ids.ts";
import { basePath, inBackup, segmentPath } from "./layout.ts";
import type { LogFiles } from "./replay.ts";

/** The first file of a copied log that is gone or has another length; null: none. Bytes that changed are for `--check`. */
export function tornFile(root: string, account: AccountId, { base, segments }: LogFiles): string | null {
  const files = segments.map((segment) => ({ path: segmentPath(account, segment), bytes: segment.bytes }));
  if (base) files.unshift({ path: basePath(account, base), bytes: base.bytes });
  for (const { path, bytes } of files) {
    if (statSync(inBackup(root, path), { throwIfNoEntry: false })?.size !== bytes) return path;
  }
  return null;
}
