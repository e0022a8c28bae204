import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import packageJson from "../../../package.json" with { type: "json" };
import { checkBackup } from "../../backup/check-backup.ts";
import { serverFileNames } from "../../backup/known-names.ts";
import { readSignedManifest } from "../../backup/manifest.ts";
import type { Signature } from "../../backup/signature.ts";
import { writeBackup } from "../../backup/write-backup.ts";
import type { Config } from "../../operation/config.ts";
import { exposedBackup } from "../../operation/private-files.ts";
import { mustBeApart } from "../backup/apart.ts";
import { configOf, openBesideServer } from "../backup/configured-stores.ts";
import { explained } from "../backup/explained.ts";
import { readPublicKey, readSigningKey } from "../backup/key-file.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";

type BackupOptions = CommonOptions & { readonly check?: boolean; readonly sign?: string; readonly signedBy?: string };

/** `eider backup`: a copy of everything, while the server runs. */
export function addBackup(program: Command, console: Console): void {
  withCommonOptions(program.command("backup <directory>"), "to nobody")
    .description("copy all mail and accounts while the server runs; into the same directory again: what is new")
    .option("--check", "copy nothing: read a backup, all of it, and name what is damaged")
    .option("--sign <keyfile>", "sign the backup with the Ed25519 private key in this file")
    .option("--signed-by <keyfile>", "with --check: it must be signed by the owner of the public key in this file")
    .action(async (directory: string, options: BackupOptions) => {
      if (options.check && options.sign !== undefined) throw new WrongUsage("--sign and --check exclude each other");
      if (!options.check && options.signedBy !== undefined) throw new WrongUsage("--signed-by belongs to --check");
      const root = resolve(console.cwd, directory);
      try {
        await (options.check ? check(root, options, console) : backup(root, options, console));
      } catch (error) {
        throw explained(options.check ? "check the backup" : "back up", error);
      }
    });
}

async function backup(root: string, options: BackupOptions, console: Console): Promise<void> {
  const config = configOf(options, console, "back up");
  const key = options.sign === undefined ? null : readSigningKey(resolve(console.cwd, options.sign));
  if (config.store.kind === "embedded") mustBeApart("back up", config.data, root);
  const stores = await openBesideServer(config, "back up");
  try {
    const progress = new Progress({ out: console.err, unit: "accounts", total: await stores.directory.countUsers() });
    const { manifest, copied, rewritten, renewed } = await writeBackup({
      root,
      stores,
      source: { version: packageJson.version, hostname: config.hostname, store: config.store.kind },
      files: serverFiles(config),
      signingKey: key,
      now: Date.now,
      onAccount: () => progress.advance(),
    }).finally(() => progress.end());
    const { accounts, gone, problems } = manifest;
    if (options.json) {
      console.out.write(
        `${JSON.stringify({ path: root, id: manifest.id, accounts, gone, copied, rewritten, renewed, problems })}\n`,
      );
    } else {
      for (const file of renewed) console.err.write(`warning: ${file} was gone or torn: its log is copied anew\n`);
      for (const problem of problems) console.err.write(`warning: ${problem}\n`);
      console.out.write(
        `Backed up ${accounts - gone} accounts to ${root}: ${copied.entries} new log entries, ${copied.blobs} new blobs\n`,
      );
    }
    if (problems.length > 0) {
      throw new CommandFailure(
        "The backup is written, but the store is damaged",
        `${problems.length} things could not be copied`,
        "run `eider verify`",
      );
    }
  } finally {
    await stores.close();
  }
}

/** What the server keeps beside its mail: who has the token and the key is the same server to its clients. */
function serverFiles({ data, store }: Config): { path: string; bytes: Uint8Array }[] {
  if (store.kind !== "embedded") return [];
  return serverFileNames
    .filter((path) => existsSync(join(data, path)))
    .map((path) => ({ path, bytes: readFileSync(join(data, path)) }));
}

async function check(root: string, options: BackupOptions, console: Console): Promise<void> {
  const key = options.signedBy === undefined ? null : readPublicKey(resolve(console.cwd, options.signedBy));
  const { manifest, signature } = readSignedManifest(root, key);
  for (const path of exposedBackup(root)) console.err.write(`warning: other users can read ${path}\n`);
  const progress = new Progress({ out: console.err, unit: "accounts", total: manifest.accounts });
  const checked = checkBackup(
    root,
    manifest,
    () => true,
    () => progress.advance(),
  );
  progress.end();
  const { damages, ...totals } = checked;
  if (options.json)
    console.out.write(`${JSON.stringify({ path: root, ...totals, damages, signature, proven: key !== null })}\n`);
  else {
    for (const { address, text } of damages) console.out.write(`${address || "server"}: ${text}\n`);
    const { accounts, messages, entries } = totals;
    console.out.write(
      `${accounts} accounts, ${messages} messages, ${entries} log entries, ${damages.length} damages\n${trustIn(signature, key !== null)}\n`,
    );
  }
  if (damages.length > 0)
    throw new CommandFailure(
      "The backup is damaged",
      `${damages.length} things`,
      "take another copy of it, or back up into a new directory",
    );
}

/** A backup without damages is what somebody wrote; only a signature says who. */
function trustIn(signature: Signature | null, proven: boolean): string {
  if (proven) return "Signed by the key that was given";
  if (signature) return `Signed by the key ${signature.key.slice(0, 16)}…; --signed-by FILE says whether that is yours`;
  return "Not signed: whoever could write to this directory decides what a restore brings (--sign)";
}
