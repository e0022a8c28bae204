import type { Command } from "commander";
import { repairAccount } from "../../actors/account/repair.ts";
import { type Verified, verifyAccount } from "../../actors/account/verify.ts";
import { realClock } from "../../actors/runtime/clock.ts";
import { addressView, usernameView } from "../../domain/address.ts";
import type { AccountId } from "../../domain/ids.ts";
import { type Config, loadConfig } from "../../operation/config.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import type { Stores } from "../../store/stores.ts";
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
        throw new CommandFailure("cannot verify", loaded.problems.join("; "), "correct the configuration");
      const stores = await openStores(loaded.config);
      try {
        await verify(stores, loaded.config, address, options, console);
      } finally {
        await stores.close();
      }
    });
}

/** The embedded store is one process's at a time; MongoDB can be read while nodes run, though not repaired. */
async function openStores(config: Config): Promise<Stores> {
  if (config.store.kind === "mongodb") {
    const { openMongoStores } = await import("../../store/mongo/open-mongo-stores.ts");
    return openMongoStores({ url: config.mongodb.url!, database: config.mongodb.database, clock: realClock });
  }
  try {
    return openSqliteStoresInThread({ dataDir: config.data });
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    throw new CommandFailure("cannot verify", error.message, "stop the server first");
  }
}

async function verify(
  stores: Stores,
  config: Config,
  address: string | undefined,
  options: VerifyOptions,
  console: Console,
): Promise<void> {
  const results: Verified[] = [];
  const repaired: string[] = [];
  for await (const account of accountsOf(stores, config, address)) {
    const verified = await verifyAccount(stores, account);
    results.push(verified);
    for (const { what, text } of verified.findings)
      if (!options.json) console.out.write(`${account}  ${what}: ${text}\n`);
    if (options.repair) repaired.push(...(await repairAccount(stores, verified)));
  }
  const findings = results.flatMap((each) => each.findings);
  const messages = results.reduce((sum, each) => sum + each.messages, 0);
  const lasting = findings.filter(({ repair }) => !options.repair || repair === null).length;
  if (options.json) console.out.write(`${JSON.stringify({ accounts: results, repaired })}\n`);
  else {
    for (const text of repaired) console.out.write(`${text}\n`);
    console.out.write(`${results.length} accounts, ${messages} messages, ${findings.length} findings\n`);
  }
  if (lasting > 0) {
    const todo = options.repair ? "restore what is missing from a backup" : "run `eider verify --repair`";
    throw new CommandFailure("verify", `${lasting} things are not as the log says`, todo);
  }
}

async function* accountsOf(stores: Stores, config: Config, address: string | undefined): AsyncIterable<AccountId> {
  if (address === undefined) return yield* stores.log.accounts();
  const found = await stores.directory.addressByView(addressView(address, config.hostname));
  const user = found?.user ?? (await stores.directory.userByView(usernameView(address)))?.id;
  if (!user) throw new CommandFailure("cannot verify", `there is no user ${address}`, "look at `eider user list`");
  yield user;
}
