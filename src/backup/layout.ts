import type { AccountId, BlobId } from "../domain/ids.ts";
import { openWithin, PathLeaves, pathWithin } from "../operation/path-within.ts";
import { BackupDamaged } from "./damage.ts";

/**
 * A backup as files. Everything but the manifest carries the SHA-256 of its bytes in its name and is never changed once
 * it has that name; the manifest is replaced as the last step of a run. So whatever a run was doing when it was cut
 * short, the directory holds the backup of the run before it, whole, and what the next run need not copy again.
 *
 * ```
 * README.txt                                  says what this is; written first, so that a first run that was cut short is known
 * manifest.json                               names the list of accounts and the server's files; carries its own checksum
 * accounts.<sha256>.jsonl                     a line for each account: its user, addresses, and the pieces of its log
 * logs/<xx>/<account>/<first>-<last>.<sha256>.log   entries `first` to `last`, with the messages that ride in them
 * logs/<xx>/<account>/base-<seq>.<sha256>.base     what came before, of a log that had been compacted when it was first copied
 * blobs/<xx>/<sha256>                         large messages and attachments, each once
 * server/<sha256>                             root token, certificate and key
 * tmp/                                        what is being written
 * ```
 */
export const manifestName = "manifest.json";
export const readmeName = "README.txt";

/**
 * A file or directory of the backup in `root`, by the name that the functions below make of what a backup says.
 *
 * @throws BackupDamaged where it would be another one's
 */
export function inBackup(root: string, name: string): string {
  return ofBackup(name, () => pathWithin(root, name));
}

/** Opens a file of the backup for reading. Throws as `inBackup`, and as node:fs does. */
export function openInBackup(root: string, name: string): number {
  return ofBackup(name, () => openWithin(root, name));
}

function ofBackup<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof PathLeaves) throw new BackupDamaged(name, `is no file of the backup (${error.message})`);
    throw error;
  }
}

export function accountsPath(sha256: string): string {
  return `accounts.${sha256}.jsonl`;
}

/** Consecutive log entries in one file. */
export type Segment = {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly sha256: string;
};

/** The last two digits of an id count up: they spread accounts evenly. */
export function logDirectory(account: AccountId): string {
  return `logs/${account.slice(-2)}/${account}`;
}

export function segmentPath(account: AccountId, { first, last, sha256 }: Omit<Segment, "bytes">): string {
  const digits = (seq: number) => String(seq).padStart(10, "0");
  return `${logDirectory(account)}/${digits(first)}-${digits(last)}.${sha256}.log`;
}

/** What the name of a segment says; null for another file's. */
export function readSegmentName(name: string): Omit<Segment, "bytes"> | null {
  const match = /^(\d{10,})-(\d{10,})\.([0-9a-f]{64})\.log$/.exec(name);
  return match && { first: Number(match[1]), last: Number(match[2]), sha256: match[3]! };
}

/** The beginning of a log whose first entries were gone already. `at`: when the entry `seq` was made. */
export type BaseFile = {
  readonly seq: number;
  readonly at: number;
  readonly bytes: number;
  readonly sha256: string;
};

export function basePath(account: AccountId, { seq, sha256 }: Pick<BaseFile, "seq" | "sha256">): string {
  return `${logDirectory(account)}/base-${String(seq).padStart(10, "0")}.${sha256}.base`;
}

export function blobFile(blob: BlobId): string {
  return `blobs/${blob.slice(0, 2)}/${blob}`;
}

export function serverFile(sha256: string): string {
  return `server/${sha256}`;
}

export const readmeText = `This directory is a backup of an Eider mail server, made by \`eider backup\`.

It is whole as long as manifest.json is here; without it, the first run was cut short: run \`eider backup\` again.
Files can be copied as they are (rsync, tar, a snapshot); copy manifest.json last, or everything while no backup runs.
\`eider backup --check DIR\` reads all of it and names what is damaged; \`eider restore DIR\` brings it back.
It holds all mail and the hashes of all passwords in clear: keep it where nobody else can read it.
`;
