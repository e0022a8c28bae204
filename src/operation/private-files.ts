import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Files are made for the server's own user alone, by every command, whatever the shell that started it had in mind. */
export const ownerOnly = 0o077;

/**
 * What holds mail or gives rights below a data directory: databases, large messages, the root token, the certificate's
 * key. Each stands for all that is in it.
 */
const secretsOfData =
  /^(eider\.db(-wal|-shm)?|state\.db(-wal|-shm)?|lock\.db(-wal|-shm|-journal)?|blobs|token|tls\/key\.pem)$/;

/** Paths below a data directory that hold secrets and that users other than the owner can get at. */
export function exposedData(data: string): string[] {
  return exposed(data, (name) => secretsOfData.test(name));
}

/** The same of a backup: all that is in it. */
export function exposedBackup(root: string): string[] {
  return exposed(root, () => true);
}

/** Takes away from `paths` what others may do with them. Answers those that are another user's, which stay as they are. */
export function closeToOthers(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    try {
      chmodSync(path, statSync(path).mode & 0o700);
      return false;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // What has gone meanwhile is not there for others either.
      if (code === "ENOENT") return false;
      if (code === "EPERM" || code === "EROFS") return true;
      throw error;
    }
  });
}

function exposed(root: string, counts: (name: string) => boolean): string[] {
  // Nobody gets below a directory that others may not even pass through.
  if ((modeOf(root) & 0o011) === 0) return [];
  const below = namesIn(root);
  if ((modeOf(join(root, "tls")) & 0o011) !== 0) below.push(...namesIn(join(root, "tls")).map((name) => `tls/${name}`));
  return below
    .filter(counts)
    .map((name) => join(root, name))
    .filter((path) => (modeOf(path) & ownerOnly) !== 0);
}

/** 0: there is nothing, or nothing that can be looked at. */
function modeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  } catch {
    return 0;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
