import { createHash, type KeyObject } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { StoredAddress, StoredUser } from "../store/directory.ts";
import { syncDirectory } from "../store/sqlite/open-file.ts";
import { BackupDamaged, NoBackup } from "./damage.ts";
import { FileReader } from "./file-reader.ts";
import { strangeNameIn, strangeNameOf } from "./known-names.ts";
import { accountsPath, type BaseFile, manifestName, readmeName, type Segment } from "./layout.ts";
import { mustBeSigned, type Signature, signatureOf } from "./signature.ts";

/** What a backup is made of; `manifest.json`. */
export type Manifest = {
  readonly eider: "backup";
  readonly format: 1;
  /** Another one for each run. */
  readonly id: string;
  /** Everything acknowledged before `began` is in it; ISO 8601. */
  readonly began: string;
  readonly finished: string;
  readonly source: { readonly version: string; readonly hostname: string; readonly store: string };
  readonly accounts: number;
  /** Of these, accounts that were deleted since an earlier run; kept, and restored only when asked for by name. */
  readonly gone: number;
  readonly entries: number;
  readonly list: { readonly sha256: string; readonly bytes: number };
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly bytes: number }[];
  readonly settings: Readonly<Record<string, string>>;
  /** What was wrong with the store already, so that it could not be copied. */
  readonly problems: readonly string[];
};

/** One account; a line of `accounts.….jsonl`, ascending by id. */
export type AccountLine = {
  readonly user: StoredUser;
  readonly addresses: readonly StoredAddress[];
  /** The last entry of its log; null where it has none. */
  readonly head: Head | null;
  /** What the log begins with, where it had been compacted; the first segment begins with its entry then. */
  readonly base: BaseFile | null;
  readonly segments: readonly Segment[];
  /** Blobs that entries speak of and the store had let go of, because their messages were expunged long ago. */
  readonly absent: readonly string[];
  /** Of these, what messages that were there need: the store was damaged. Looked for again by each run. */
  readonly lacking?: readonly string[];
  /** When a run first found it deleted, milliseconds since 1970. */
  readonly gone: number | null;
};
export type Head = { readonly seq: number; readonly at: number; readonly batch: string; readonly checksum: string };

/** Makes `manifest` the backup, whole or not at all; signed, where there is a key. What it names must be durable. */
export function writeManifest(root: string, manifest: Manifest, key: KeyObject | null = null): void {
  const aside = join(root, "tmp", manifestName);
  const file = openSync(aside, "w", 0o600);
  const bytes = Buffer.from(printed(manifest, key && signatureOf(JSON.stringify(manifest), key)));
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
  renameSync(aside, join(root, manifestName));
  syncDirectory(root);
}

function printed(manifest: Manifest, signature: Signature | null): string {
  const proofs = { checksum: checksumOf(manifest), ...(signature ? { signature } : {}) };
  return `${JSON.stringify({ ...manifest, ...proofs }, null, 2)}\n`;
}

function checksumOf(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/**
 * Throws `NoBackup` where the directory has none, `BackupDamaged` where it cannot be relied on, and `NotSigned` where
 * the owner of `signedBy` does not vouch for it. Everything else in a backup is named here by its hash, or by what is.
 */
export function readManifest(root: string, signedBy: KeyObject | null = null): Manifest {
  return readSignedManifest(root, signedBy).manifest;
}

/** As `readManifest`, with the signature as it stands there; null: there is none. */
export function readSignedManifest(
  root: string,
  signedBy: KeyObject | null = null,
): { manifest: Manifest; signature: Signature | null } {
  if (!existsSync(join(root, manifestName))) {
    const begun = existsSync(join(root, readmeName));
    throw new NoBackup(begun ? `the backup in ${root} was never finished` : `there is no backup in ${root}`);
  }
  const text = readFileSync(join(root, manifestName), "utf8");
  let written: Manifest & { checksum: string; signature?: Signature };
  try {
    written = JSON.parse(text);
  } catch {
    throw new BackupDamaged(manifestName, "cannot be read as JSON");
  }
  const { checksum: _, signature = null, ...manifest } = written;
  if (text !== printed(manifest, signature)) throw new BackupDamaged(manifestName, "does not match its own checksum");
  if (manifest.eider !== "backup" || manifest.format !== 1)
    throw new NoBackup(`this Eider does not know the format of the backup in ${root}`);
  const strange = strangeNameIn(manifest);
  if (strange !== null) throw new BackupDamaged(manifestName, `names ${strange}`);
  if (signedBy !== null) mustBeSigned(JSON.stringify(manifest), signature, signedBy);
  return { manifest, signature };
}

/** Every account of the backup, ascending by id. Proved as a whole before the first one is given. */
export function* readAccounts(root: string, { list }: Manifest): Generator<AccountLine> {
  const name = accountsPath(list.sha256);
  const proof = new FileReader(root, name);
  proof.prove(list.sha256, list.bytes);
  const file = new FileReader(root, name);
  try {
    for (let text = file.line(); text !== null; text = file.line()) {
      const line = JSON.parse(text) as AccountLine;
      const strange = strangeNameOf(line);
      if (strange !== null) throw new BackupDamaged(name, `names ${strange}`);
      yield line;
    }
  } finally {
    file.close();
  }
}
