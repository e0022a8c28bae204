import type { Database } from "bun:sqlite";
import { renameSync, statSync, unlinkSync } from "node:fs";
import type { Performers } from "./jobs.ts";

type BlobJobs = "putBlob" | "reference" | "unreference" | "sweepBlobs" | "dropReferences";

/** Bytes of one reference: blob (32), account (12), message (12). */
export const referenceSize = 56;

/**
 * The writes of blobs and references. Every file gets its name and loses it in this one thread, so a sweep and a put of
 * the same bytes never meet:
 *
 * - put: the row is committed with the time of now, then the file moves to its name. A crash between leaves a row
 *   without a file, which a sweep forgets.
 * - sweep: a row that is old and without references loses its file, then itself. A crash or a failed commit between
 *   leaves a row without a file again; nobody refers to it, and the next put of these bytes brings a file along.
 *
 * So a file without a row does not arise, and a row with a reference has its file.
 */
export function blobWrites(db: Database, afterCommit: (run: () => void) => void): Performers<BlobJobs> {
  // max() with a null is null: a blob that somebody refers to stays so.
  const putRow = db.query(
    `INSERT INTO blobs (blob, size, free_since) VALUES (?, ?, ?)
     ON CONFLICT (blob) DO UPDATE SET free_since = max(free_since, excluded.free_since)`,
  );
  const take = db.query("UPDATE blobs SET free_since = NULL WHERE blob = ?");
  const free = db.query(
    `UPDATE blobs SET free_since = ?2
     WHERE blob = ?1 AND NOT EXISTS (SELECT 1 FROM blob_references WHERE blob = ?1)`,
  );
  const insert = db.query(
    "INSERT INTO blob_references (blob, account, message) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const remove = db.query("DELETE FROM blob_references WHERE blob = ? AND account = ? AND message = ?");
  const unwanted = db.query<{ size: number }, [Uint8Array, number]>(
    `SELECT size FROM blobs WHERE blob = ?1 AND free_since < ?2
     AND NOT EXISTS (SELECT 1 FROM blob_references WHERE blob = ?1)`,
  );
  const removeRow = db.query("DELETE FROM blobs WHERE blob = ?");
  const ofAccount = db.query<{ blob: Uint8Array; message: Uint8Array }, [Uint8Array, number]>(
    "SELECT blob, message FROM blob_references WHERE account = ? LIMIT ?",
  );

  return {
    putBlob({ blob, size, from, to, now }) {
      putRow.run(blob, size, now);
      afterCommit(() => renameSync(from, to));
      return null;
    },
    reference({ keys }) {
      for (const { blob, account, message } of unpack(keys)) {
        if (insert.run(blob, account, message).changes > 0) take.run(blob);
      }
      return null;
    },
    unreference({ keys, now }) {
      for (const { blob, account, message } of unpack(keys)) {
        if (remove.run(blob, account, message).changes > 0) free.run(blob, now);
      }
      return null;
    },
    sweepBlobs({ blobs, before }) {
      let deleted = 0;
      let bytes = 0;
      for (const { blob, path } of blobs) {
        if (unwanted.get(blob, before) === null) continue;
        const size = unlinkIfThere(path);
        removeRow.run(blob);
        if (size === null) continue;
        deleted++;
        bytes += size;
      }
      return { deleted, bytes };
    },
    dropReferences({ account, limit, now }) {
      const found = ofAccount.all(account, limit);
      for (const { blob, message } of found) {
        remove.run(blob, account, message);
        free.run(blob, now);
      }
      return found.length;
    },
  };
}

function* unpack(keys: Uint8Array) {
  for (let at = 0; at < keys.length; at += referenceSize) {
    yield {
      blob: keys.subarray(at, at + 32),
      account: keys.subarray(at + 32, at + 44),
      message: keys.subarray(at + 44, at + 56),
    };
  }
}

function unlinkIfThere(path: string): number | null {
  try {
    const { size } = statSync(path);
    unlinkSync(path);
    return size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
