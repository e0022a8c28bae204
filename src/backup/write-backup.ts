import { type KeyObject, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AccountId } from "../domain/ids.ts";
import type { StoredUser } from "../store/directory.ts";
import { LogCompacted } from "../store/log.ts";
import { lockDataDirectory } from "../store/sqlite/data-lock.ts";
import { makeDirectory, syncDirectory } from "../store/sqlite/open-file.ts";
import type { Stores } from "../store/stores.ts";
import { eachUser } from "../store/transfer/each-user.ts";
import { ownSettings } from "../store/transfer/own-settings.ts";
import { LogShortened } from "../store/transfer/read-entries.ts";
import { copyLog, type LogCopy, type Run } from "./copy-log.ts";
import { NoBackup } from "./damage.ts";
import { FileWriter } from "./file-writer.ts";
import {
  accountsPath,
  basePath,
  inBackup,
  logDirectory,
  manifestName,
  readmeName,
  readmeText,
  segmentPath,
  serverFile,
} from "./layout.ts";
import { type AccountLine, type Manifest, readAccounts, readManifest, writeManifest } from "./manifest.ts";

export type BackupOptions = {
  readonly root: string;
  readonly stores: Stores;
  readonly source: Manifest["source"];
  /** Files of the server that belong to it: name, and the bytes. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /**
   * Signs the manifest; null: nobody does. What an earlier run has left is vouched for too, so it must be signed by the
   * same key.
   */
  readonly signingKey: KeyObject | null;
  readonly now: () => number;
  /** Another account is done. */
  readonly onAccount?: () => void;
};

export type BackupResult = {
  readonly manifest: Manifest;
  /** What this run has copied. */
  readonly copied: Run["copied"];
  readonly rewritten: number;
  /** Files of earlier runs that were gone or torn; the logs they were of have been copied anew. */
  readonly renewed: readonly string[];
};

/** The backup in the directory is one of another server. */
export class AnotherServersBackup extends Error {
  override readonly name = "AnotherServersBackup";
}

/**
 * Copies every account of the stores into the backup at `root`, or what is new since the run before. The server may be
 * running: of each account a prefix of its log is copied that has everything acknowledged before the run began. Ends
 * with the manifest; until then the directory holds the backup that it held before.
 */
export async function writeBackup(options: BackupOptions): Promise<BackupResult> {
  const { root, stores, now } = options;
  prepare(root);
  const lock = lockDataDirectory(root);
  try {
    for (const left of readdirSync(join(root, "tmp"))) rmSync(join(root, "tmp", left));
    const began = now();
    const earlier = readEarlier(root, options.signingKey);
    await mustBeOurs(stores, earlier, root);
    const run: Run = {
      root,
      touched: new Set(),
      problems: [],
      copied: { entries: 0, blobs: 0, bytes: 0 },
      rewritten: 0,
      renewed: [],
    };
    const copies = new Map<AccountId, LogCopy>();
    const copyOf = async (user: StoredUser): Promise<LogCopy | null> => {
      const copy = await copyLogOf(run, stores, user, earlier.get(user.id) ?? null);
      if (copy) copies.set(user.id, copy);
      options.onAccount?.();
      return copy;
    };
    for await (const { user } of eachUser(stores.directory)) await copyOf(user);

    // The directory comes last: whoever was added or changed meanwhile is in it as they are now, with their mail.
    const list = new FileWriter(root, run.touched);
    const totals = { accounts: 0, gone: 0, entries: 0 };
    const write = (line: AccountLine): void => {
      list.write(Buffer.from(`${JSON.stringify(line)}\n`));
      totals.accounts += 1;
      if (line.gone !== null) totals.gone += 1;
      totals.entries += line.head?.seq ?? 0;
    };
    const deleted = [...earlier.keys()].sort();
    const writeDeleted = (before: AccountId | null): void => {
      while (deleted.length > 0 && (before === null || deleted[0]! < before)) {
        const line = earlier.get(deleted.shift()!)!;
        write({ ...line, gone: line.gone ?? began });
      }
    };
    for await (const { user, addresses } of eachUser(stores.directory)) {
      writeDeleted(user.id);
      if (deleted[0] === user.id) deleted.shift();
      const copy = copies.get(user.id) ?? (await copyOf(user));
      if (copy) write({ user, addresses, ...copy, gone: null });
    }
    writeDeleted(null);

    const files = options.files.map(({ path, bytes }) => {
      const file = new FileWriter(root, run.touched);
      file.write(bytes);
      return { path, ...file.finish(serverFile) };
    });
    const manifest: Manifest = {
      eider: "backup",
      format: 1,
      id: randomUUID(),
      began: new Date(began).toISOString(),
      finished: new Date(now()).toISOString(),
      source: options.source,
      ...totals,
      list: list.finish(accountsPath),
      files,
      settings: await ownSettings(stores.directory),
      problems: run.problems,
    };
    for (const directory of run.touched) syncDirectory(directory);
    writeManifest(root, manifest, options.signingKey);
    tidy(root, manifest);
    return { manifest, copied: run.copied, rewritten: run.rewritten, renewed: run.renewed };
  } finally {
    lock.release();
  }
}

/** Makes the directory ready; refuses one that holds other things. */
function prepare(root: string): void {
  if (existsSync(root) && !existsSync(join(root, manifestName)) && !existsSync(join(root, readmeName))) {
    if (readdirSync(root).length > 0) throw new NoBackup(`${root} is not empty, and what is in it is no backup`);
  }
  makeDirectory(root);
  mkdirSync(join(root, "tmp"), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, readmeName), readmeText, { mode: 0o600 });
}

function readEarlier(root: string, signedBy: KeyObject | null): Map<AccountId, AccountLine> {
  const earlier = new Map<AccountId, AccountLine>();
  if (!existsSync(join(root, manifestName))) return earlier;
  for (const line of readAccounts(root, readManifest(root, signedBy))) earlier.set(line.user.id, line);
  return earlier;
}

/** A backup of which not a single account is in the store is another server's, and would be given up for this one's. */
async function mustBeOurs(
  { directory }: Stores,
  earlier: ReadonlyMap<AccountId, AccountLine>,
  root: string,
): Promise<void> {
  const living = [...earlier.values()].filter(({ gone }) => gone === null);
  if (living.length === 0) return;
  for (const { user } of living) if ((await directory.userById(user.id)) !== null) return;
  throw new AnotherServersBackup(`the backup in ${root} is another server's: none of its accounts is here`);
}

/** Null where the account was deleted while it was copied. */
async function copyLogOf(
  run: Run,
  stores: Stores,
  user: StoredUser,
  earlier: AccountLine | null,
): Promise<LogCopy | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      const copy = await copyLog(run, stores, user.id, earlier);
      // A log that goes while it is read looks like a short one.
      return (await stores.directory.userById(user.id)) === null ? null : copy;
    } catch (error) {
      // It was deleted, or compacted, while it was read.
      if (!(error instanceof LogShortened || error instanceof LogCompacted)) throw error;
      if ((await stores.directory.userById(user.id)) === null) return null;
      if (attempt === 3) throw error;
    }
  }
}

/** Removes what the manifest does not name: lists of runs before, segments that were written anew or given up. */
function tidy(root: string, manifest: Manifest): void {
  for (const name of readdirSync(root)) {
    if (/^accounts\.[0-9a-f]{64}\.jsonl$/.test(name) && name !== accountsPath(manifest.list.sha256))
      rmSync(join(root, name));
  }
  for (const { user, base, segments } of readAccounts(root, manifest)) {
    const directory = inBackup(root, logDirectory(user.id));
    if (!existsSync(directory)) continue;
    const named = new Set(segments.map((segment) => inBackup(root, segmentPath(user.id, segment))));
    if (base) named.add(inBackup(root, basePath(user.id, base)));
    for (const name of readdirSync(directory)) if (!named.has(join(directory, name))) rmSync(join(directory, name));
  }
}
