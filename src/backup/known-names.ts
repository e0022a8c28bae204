import type { AccountLine, Manifest } from "./manifest.ts";

/** What a server keeps beside its mail that belongs to it, below its data directory. Nothing else is brought back. */
export const serverFileNames = ["token", "tls/cert.pem", "tls/key.pem"] as const;

/**
 * Every hash, id and number in a manifest or a list of accounts becomes part of a path. A backup may come from
 * anywhere, and its checksums prove only that whoever wrote it could count: what has not the form it is written with is
 * no name.
 */
const digest = /^[0-9a-f]{64}$/;
const objectId = /^[0-9a-f]{24}$/;

/** What the manifest names that is none of a backup's own files; null: nothing. */
export function strangeNameIn({ list, files }: Manifest): string | null {
  const known = new Set<string>(serverFileNames);
  for (const { path, sha256 } of files) {
    if (!known.has(path)) return `${JSON.stringify(path)}, which is no file of a server`;
    if (!digest.test(sha256)) return `${JSON.stringify(sha256)}, which is no hash`;
  }
  return digest.test(list.sha256) ? null : `${JSON.stringify(list.sha256)}, which is no hash`;
}

/** The same of an account. */
export function strangeNameOf({ user, base, segments, absent, lacking = [] }: AccountLine): string | null {
  if (!objectId.test(user.id)) return `${JSON.stringify(user.id)}, which is no account's id`;
  const hashes = [...segments.map(({ sha256 }) => sha256), ...(base ? [base.sha256] : []), ...absent, ...lacking];
  for (const hash of hashes) if (!digest.test(hash)) return `${JSON.stringify(hash)}, which is no hash`;
  const numbers = [...segments.flatMap(({ first, last }) => [first, last]), ...(base ? [base.seq] : [])];
  for (const seq of numbers)
    if (!Number.isSafeInteger(seq) || seq < 0) return `${JSON.stringify(seq)}, which is no number of an entry`;
  return null;
}
