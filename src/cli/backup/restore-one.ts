import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { realClock } from "../../actors/runtime/clock.ts";
import { objectIds } from "../../actors/runtime/object-id.ts";
import { findAccount } from "../../backup/find-account.ts";
import { type AccountLine, readManifest } from "../../backup/manifest.ts";
import { type RestoredOne, type RestoreOneWish, restoreOneAccount } from "../../backup/restore-one.ts";
import type { Config } from "../../operation/config.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import type { Stores } from "../../store/stores.ts";
import type { RestoreOptions } from "../commands/restore.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { accountsOver } from "./accounts-over.ts";
import { askServerToRestore } from "./ask-server.ts";
import { configOf, openMongo } from "./configured-stores.ts";
import { readPublicKey } from "./key-file.ts";
import { mustBeWithin } from "./moment-within.ts";
import { provenBackup } from "./proven-backup.ts";
import { openStoppedStore } from "./stopped-store.ts";

/** Brings one account back: by the running server where one has the embedded store, else right into the store. */
export async function restoreOne(
  root: string,
  options: RestoreOptions & { readonly account: string },
  console: Console,
): Promise<void> {
  if (options.into !== undefined)
    throw new WrongUsage("--into is for a whole backup; --account goes into the configured store");
  if (options.skipDamaged) throw new WrongUsage("--skip-damaged is for a whole backup");
  if (options.replace && options.newUidvalidity)
    throw new WrongUsage("--new-uidvalidity is not for --replace: what is there goes on, and clients see the changes");
  const config = configOf(options, console, "restore");
  const key = options.signedBy === undefined ? null : readPublicKey(resolve(console.cwd, options.signedBy));
  const manifest = readManifest(root, key);
  const line = findAccount(root, manifest, options.account);
  if (!line)
    throw new CommandFailure("Cannot restore", `${options.account} is not in the backup`, "an older one may have it");
  mustBeWithin(manifest, options.toTime);
  provenBackup(root, { ...manifest, files: [] }, ({ user }) => user.id === line.user.id, {}, console);
  await confirmReplacing(line, options, console);
  const until = options.toTime ?? Number.POSITIVE_INFINITY;
  const wish: RestoreOneWish = {
    ...{ root, line, until, as: options.as ?? null, replace: options.replace === true },
    renew: options.newUidvalidity ? "all" : options.as === undefined ? "changed" : "none",
  };
  const stores = await openUnlessServed(config);
  const restored =
    stores === null
      ? await askServerToRestore(wish, key, options, console)
      : await restoreInto(stores, wish, config).finally(() => stores.close());
  report(restored, options, console);
}

async function confirmReplacing({ user }: AccountLine, options: RestoreOptions, console: Console): Promise<void> {
  if (!options.replace || options.yes) return;
  const address = user.address || user.username;
  const answer = await console.ask(
    `This puts ${address} back to what it was; mail that came since goes. Type the address to go on: `,
  );
  if (answer === null)
    throw new CommandFailure(`${address} was not replaced`, "there is no terminal to ask on", "say --yes");
  if (answer !== address) throw new CommandFailure(`${address} was not replaced`, "the answer was another one");
}

/** Null: a running server has the embedded store. */
async function openUnlessServed(config: Config): Promise<Stores | null> {
  if (config.store.kind === "mongodb") return openMongo(config.mongodb.url!, config.mongodb.database, "restore");
  try {
    return openStoppedStore(config.data, "restore");
  } catch (error) {
    if (error instanceof DataDirectoryInUse) return null;
    throw error;
  }
}

async function restoreInto(stores: Stores, wish: RestoreOneWish, config: Config): Promise<RestoredOne> {
  const hints = config.store.kind === "mongodb" ? await openHints(config) : null;
  const { accounts, close } = accountsOver(stores, hints, config);
  try {
    return await restoreOneAccount(wish, {
      ...{ stores, accounts, hostname: config.hostname, now: Date.now },
      alone: config.store.kind === "embedded",
      newId: objectIds(Date.now, (bytes) => randomBytes(bytes)),
      newName: () => randomBytes(12).toString("hex"),
    });
  } finally {
    await close();
    await hints?.close();
  }
}

/** So that other nodes hear at once of what is put back. */
async function openHints({ redis }: Config) {
  const { RedisHints } = await import("../../store/redis/redis-hints.ts");
  return RedisHints.open({ url: redis.url!, prefix: redis.prefix ?? "", clock: realClock });
}

function report(restored: RestoredOne, options: RestoreOptions, console: Console): void {
  const { findings, address, messages, brought, mended, addressesTaken } = restored;
  if (options.json) console.out.write(`${JSON.stringify(restored)}\n`);
  else {
    for (const { account, what, text } of findings) console.out.write(`${account}  ${what}: ${text}\n`);
    for (const taken of addressesTaken) console.err.write(`warning: ${taken} is another account's by now\n`);
    const text = {
      restored: `Restored ${address}, ${messages} messages`,
      "put back": `Put ${address} back, ${messages} messages, ${brought} of them brought from the backup`,
      "written anew": `Put ${address} back, ${messages} messages; its log was damaged and is the backup's now, so clients fetch everything once more`,
    }[restored.how];
    console.out.write(`${text}${mended > 0 ? `, and ${mended} damaged blobs made whole` : ""}\n`);
  }
  if (findings.length > 0)
    throw new CommandFailure(
      restored.how === "restored" ? "The account was not restored" : "The account is not whole",
      `${findings.length} things are not as the log says`,
    );
}
