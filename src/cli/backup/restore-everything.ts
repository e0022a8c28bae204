import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { objectIds } from "../../actors/runtime/object-id.ts";
import { FileReader } from "../../backup/file-reader.ts";
import { serverFile } from "../../backup/layout.ts";
import { type Manifest, readAccounts, readManifest } from "../../backup/manifest.ts";
import { nameOfRestore, restoreAll, wasThere } from "../../backup/restore-all.ts";
import { pathWithin } from "../../operation/path-within.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import type { Stores } from "../../store/stores.ts";
import { transferState } from "../../store/transfer/unfinished.ts";
import type { RestoreOptions } from "../commands/restore.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";
import { Progress } from "../progress.ts";
import { mustBeApart } from "./apart.ts";
import { configOf, openMongo } from "./configured-stores.ts";
import { readPublicKey } from "./key-file.ts";
import { mustBeWithin, mustHaveBegun } from "./moment-within.ts";
import { provenBackup } from "./proven-backup.ts";

/** Brings a whole backup into an empty data directory or database. */
export async function restoreEverything(root: string, options: RestoreOptions, console: Console): Promise<void> {
  const key = options.signedBy === undefined ? null : readPublicKey(resolve(console.cwd, options.signedBy));
  const manifest = readManifest(root, key);
  const until = options.toTime ?? Number.POSITIVE_INFINITY;
  mustBeWithin(manifest, options.toTime);
  mustHaveBegun(readAccounts(root, manifest), until);
  const renew = options.newUidvalidity ? "all" : until < Number.POSITIVE_INFINITY ? "changed" : "none";
  const target = await openTarget(root, nameOfRestore({ manifest, until, renew }), options, console);
  try {
    const { leftOut } = provenBackup(root, manifest, (line) => wasThere(line, until), options, console);
    const progress = new Progress({ out: console.err, unit: "accounts", total: manifest.accounts });
    const restored = await restoreAll({
      ...{ root, manifest, until, renew, leftOut, stores: target.stores },
      newId: objectIds(Date.now, (bytes) => randomBytes(bytes)) as never,
      newBatch: () => randomBytes(12).toString("hex"),
      now: Date.now,
      onAccount: () => progress.advance(),
      onBrought: () => {
        if (target.data !== null) writeServerFiles(root, manifest, target.data);
      },
    }).finally(() => progress.end());
    const { findings, ...totals } = restored;
    if (options.json) {
      const result = { into: target.name, ...totals, leftOut: [...leftOut], findings };
      console.out.write(`${JSON.stringify(result)}\n`);
    } else {
      for (const { account, what, text } of findings) console.out.write(`${account}  ${what}: ${text}\n`);
      console.out.write(`Restored ${totals.accounts} accounts, ${totals.messages} messages into ${target.name}\n`);
    }
    if (findings.length > 0)
      throw new CommandFailure("The restore is not whole", `${findings.length} things are not as the log says`);
    if (leftOut.size > 0)
      throw new CommandFailure("Not everything was restored", `${leftOut.size} damaged accounts were left out`);
  } finally {
    await target.stores.close();
  }
}

type Target = {
  readonly stores: Stores;
  readonly name: string /** Null: it is no directory. */;
  readonly data: string | null;
};

/** An empty place, or one that this very restore was cut short in. */
async function openTarget(root: string, restore: string, options: RestoreOptions, console: Console): Promise<Target> {
  const config = configOf(options, console, "restore");
  const data = options.into === undefined ? config.data : resolve(console.cwd, options.into);
  const embedded = options.into !== undefined || config.store.kind === "embedded";
  const name = embedded ? data : `database ${config.mongodb.database}`;
  if (embedded) mustBeApart("restore", data, root);
  if (embedded && !isUnused(data) && !existsSync(join(data, "eider.db"))) throw occupied(name);
  const stores = embedded ? openUnused(data) : await openMongo(config.mongodb.url!, config.mongodb.database, "restore");
  try {
    const begun = await transferState(stores.directory);
    const continued = begun !== null && !begun.finished && begun.what === restore;
    if (!continued && begun !== null && !begun.finished)
      throw new CommandFailure(
        "Cannot restore",
        `${name} holds a part of another one (${begun.what})`,
        "empty it first",
      );
    if (begun?.finished && begun.what === restore)
      throw new CommandFailure("Cannot restore", `${name} holds this restore already, whole`, "start a server on it");
    if (!continued && !(await isEmpty(stores))) throw occupied(name);
    return { stores, name, data: embedded ? data : null };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** Empty, or as a run leaves it that is cut short before it has made the store's files. */
function isUnused(data: string): boolean {
  const made = existsSync(data) ? readdirSync(data, { recursive: true, encoding: "utf8" }) : [];
  return made.every((path) => firstMade.has(path));
}
const firstMade = new Set(["lock", "lock.db", "lock.db-journal", "blobs", join("blobs", "tmp")]);

/** A server's own directory is not to be emptied for this: the way on is another directory, not an end of the server. */
function openUnused(data: string): Stores {
  try {
    return openSqliteStoresInThread({ dataDir: data });
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    throw new CommandFailure("Cannot restore", error.message, elsewhere);
  }
}

const elsewhere = "name an empty directory with --into, or one account with --account";

function occupied(name: string): CommandFailure {
  return new CommandFailure("Cannot restore", `${name} is not empty`, elsewhere);
}

export async function isEmpty({ directory, log }: Stores): Promise<boolean> {
  if ((await directory.countUsers()) > 0) return false;
  for await (const _ of log.accounts()) return false;
  return true;
}

function writeServerFiles(root: string, manifest: Manifest, data: string): void {
  for (const { path, sha256, bytes } of manifest.files) {
    const to = pathWithin(data, path);
    const reader = new FileReader(root, serverFile(sha256));
    const content = reader.take(bytes);
    reader.prove(sha256, bytes);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    writeFileSync(to, content, { mode: 0o600, flush: true });
  }
}
