import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { repairAccount } from "../../actors/account/repair.ts";
import { type Verified, verifyAccount } from "../../actors/account/verify.ts";
import { addressView, usernameView } from "../../domain/address.ts";
import type { AccountId } from "../../domain/ids.ts";
import { type Config, loadConfig } from "../../operation/config.ts";
import { checkFiles, setStateAside, type TornFile } from "../../store/sqlite/check-files.ts";
import { DataDirectoryInUse, lockDataDirectory } from "../../store/sqlite/data-lock.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import type { Stores } from "../../store/stores.ts";
import { openMongo } from "../backup/configured-stores.ts";
import { explained } from "../backup/explained.ts";
import { nodesRunning } from "../backup/nodes-running.ts";
import { mustHoldStore } from "../backup/stopped-store.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";

type VerifyOptions = CommonOptions & { readonly repair?: boolean };

/** `eider verify`: replays logs and holds everything else against them. */
export function addVerify(program: Command, console: Console): void {
  withCommonOptions(program.command("verify [address]"), "to nobody")
    .description("replay logs, and compare snapshots, records, bytes, counters and quota with them; reads only")
    .option("--repair", "make again from the log what is wrong; touches neither log nor messages")
    .action(async (address: string | undefined, options: VerifyOptions) => {
      const loaded = loadConfig({ file: options.config, env: console.env, cwd: console.cwd });
      if (!loaded.ok)
        throw new CommandFailure("Cannot verify", loaded.problems.join("; "), "correct the configuration");
      try {
        if (options.repair && loaded.config.store.kind === "mongodb") await mustBeStopped(loaded.config, console);
        const torn = loaded.config.store.kind === "embedded" ? lookAtFiles(loaded.config.data, options, console) : [];
        const stores = await openStores(loaded.config, torn);
        try {
          await verify(stores, torn, loaded.config, address, options, console);
        } finally {
          await stores.close();
        }
      } catch (error) {
        throw explained("verify", error);
      }
    });
}

/** The embedded store is one process's at a time; MongoDB can be read while nodes run, though not repaired. */
async function openStores(config: Config, torn: readonly TornFile[]): Promise<Stores> {
  if (config.store.kind === "mongodb") {
    return openMongo(config.mongodb.url!, config.mongodb.database, "verify");
  }
  try {
    return openSqliteStoresInThread({ dataDir: config.data });
  } catch (error) {
    if (torn.length > 0) throw beyondRepair(torn);
    throw error instanceof DataDirectoryInUse ? inUse(error) : error;
  }
}

/** A node that has an account in memory would go on from what was there before. */
async function mustBeStopped(config: Config, console: Console): Promise<void> {
  const running = await nodesRunning(config);
  if (running === null) console.err.write("warning: Redis does not answer: no node may run while this repairs\n");
  else if (running > 0)
    throw new CommandFailure("Cannot repair", `${running} nodes use the database`, "stop all of them first");
}

/** What is torn in the embedded store's files; with --repair the state's file, which holds nothing of its own, is put aside. */
function lookAtFiles(dataDir: string, options: VerifyOptions, console: Console): readonly TornFile[] {
  // Nothing but a configuration that names the wrong directory: one without its log alone is torn.
  if (!existsSync(join(dataDir, "state.db"))) mustHoldStore(dataDir, "verify");
  let lock: { release(): void };
  try {
    lock = lockDataDirectory(dataDir);
  } catch (error) {
    throw error instanceof DataDirectoryInUse ? inUse(error) : error;
  }
  try {
    const torn = checkFiles(dataDir);
    for (const { text } of torn) if (!options.json) console.out.write(`file ${text}\n`);
    // Opened, it would be made anew, and all would look well.
    if (!existsSync(join(dataDir, "eider.db"))) throw beyondRepair(torn);
    const state = torn.find(({ holds }) => holds === "state");
    if (!state) return torn;
    if (!options.repair) {
      const what = "all in it can be made again from the log";
      throw new CommandFailure("Verification found damage", `${state.text}; ${what}`, "run `eider verify --repair`");
    }
    const aside = setStateAside(dataDir);
    if (!options.json) console.out.write(`${state.file} put aside as ${aside}: it is made again from the log\n`);
    return torn.filter((each) => each !== state);
  } finally {
    lock.release();
  }
}

const inUse = (error: Error) => new CommandFailure("Cannot verify", error.message, "stop the server first");
const beyondRepair = (torn: readonly TornFile[]) =>
  new CommandFailure(
    "Verification found damage",
    torn.map(({ text }) => text).join("; "),
    "restore it from a backup: the log itself is damaged",
  );

async function verify(
  stores: Stores,
  torn: readonly TornFile[],
  config: Config,
  address: string | undefined,
  options: VerifyOptions,
  console: Console,
): Promise<void> {
  const results: Verified[] = [];
  const repaired: string[] = [];
  const accounts: AccountId[] = [];
  try {
    for await (const account of accountsOf(stores, config, address)) accounts.push(account);
  } catch (error) {
    throw torn.length > 0 ? beyondRepair(torn) : error;
  }
  for (const account of accounts) {
    const verified = await verifyAccount(stores, account);
    results.push(verified);
    for (const { what, text } of verified.findings)
      if (!options.json) console.out.write(`${account}  ${what}: ${text}\n`);
    if (options.repair) repaired.push(...(await repairAccount(stores, verified)));
  }
  const findings = results.flatMap((each) => each.findings);
  const messages = results.reduce((sum, each) => sum + each.messages, 0);
  const lasting = findings.filter(({ repair }) => !options.repair || repair === null).length;
  if (options.json) console.out.write(`${JSON.stringify({ files: torn, accounts: results, repaired })}\n`);
  else {
    for (const text of repaired) console.out.write(`${text}\n`);
    console.out.write(`${results.length} accounts, ${messages} messages, ${findings.length} findings\n`);
  }
  if (torn.length > 0) throw beyondRepair(torn);
  if (lasting > 0) {
    const mendable = !options.repair && findings.some(({ repair }) => repair !== null);
    const todo = mendable ? "run `eider verify --repair`" : "restore what is missing from a backup";
    throw new CommandFailure("Verification found damage", `${lasting} things are not as the log says`, todo);
  }
}

async function* accountsOf(stores: Stores, config: Config, address: string | undefined): AsyncIterable<AccountId> {
  if (address === undefined) return yield* stores.log.accounts();
  const found = await stores.directory.addressByView(addressView(address, config.hostname));
  const user = found?.user ?? (await stores.directory.userByView(usernameView(address)))?.id;
  if (!user) throw new CommandFailure("Cannot verify", `there is no user ${address}`, "look at `eider user list`");
  yield user;
}
