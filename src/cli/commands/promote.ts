import { join } from "node:path";
import type { Command } from "commander";
import type { Config } from "../../operation/config.ts";
import { markMoved } from "../../promote/moved-away.ts";
import { type PromoteOptions as Moving, type Promoted, promote, TargetOccupied } from "../../promote/promote.ts";
import { DataDirectoryInUse } from "../../store/sqlite/data-lock.ts";
import { configOf, openBesideServer, openMongo } from "../backup/configured-stores.ts";
import { explained } from "../backup/explained.ts";
import { openStoppedStore } from "../backup/stopped-store.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";

type PromoteOptions = CommonOptions & {
  readonly to?: string;
  readonly redis?: string;
  readonly database?: string;
  readonly ahead?: boolean;
};
/** Where to, by the options or else the configuration. */
type Destination = { readonly to: string; readonly database: string; readonly redis: string | null };

/** `eider promote`: from the embedded store to MongoDB and Redis. */
export function addPromote(program: Command, console: Console): void {
  withCommonOptions(program.command("promote"), "to nobody")
    .description("move an embedded data directory to MongoDB; what is cut short goes on when it is run again")
    .option("--to <url>", "the database: mongodb://db1,db2,db3/?replicaSet=rs0 (default: [mongodb] url)")
    .option("--database <name>", "its name (default: [mongodb] database)")
    .option("--redis <url>", "checked, and named in what to write into eider.toml (default: [redis] url)")
    .option(
      "--ahead",
      "bring most of it while the server still runs; run it again without this when the server is stopped",
    )
    .action(async (options: PromoteOptions) => {
      const config = configOf(options, console, "promote");
      const destination = destinationOf(options, config);
      try {
        await run(destination, options, config, console);
      } catch (error) {
        const failed = "Cannot promote";
        if (error instanceof TargetOccupied)
          throw new CommandFailure(failed, `database ${destination.database}: ${error.message}`, "name an empty one");
        if (error instanceof DataDirectoryInUse)
          throw new CommandFailure(failed, error.message, "stop it first, or bring most of it beside it with --ahead");
        throw explained("promote", error);
      }
    });
}

/** A URL with a password in it belongs into the configuration: everybody on the machine can read arguments. */
function destinationOf(options: PromoteOptions, { mongodb, redis }: Config): Destination {
  const to = options.to ?? mongodb.url;
  if (to === null) throw new WrongUsage("--to, or [mongodb] url, says where to");
  if (!/^mongodb(\+srv)?:\/\//.test(to)) throw new WrongUsage("--to takes a URL that begins with mongodb://");
  const redisUrl = options.redis ?? redis.url;
  if (redisUrl !== null && !/^rediss?:\/\//.test(redisUrl))
    throw new WrongUsage("--redis takes a URL that begins with redis://");
  // What MongoDB itself refuses in a name.
  if (options.database !== undefined && !/^[^\s/\\."$*<>:|?\0]{1,63}$/.test(options.database))
    throw new WrongUsage(`--database takes the name of a database, not ${options.database}`);
  return { to, database: options.database ?? mongodb.database, redis: redisUrl };
}

async function run(destination: Destination, options: PromoteOptions, config: Config, console: Console): Promise<void> {
  if (config.store.kind !== "embedded")
    throw new CommandFailure(
      "Cannot promote",
      "the configured store is MongoDB already",
      "run this with the old eider.toml",
    );
  if (destination.redis !== null) await reach(destination.redis);
  const source = options.ahead ? await openBesideServer(config, "promote") : openStoppedStore(config.data, "promote");
  try {
    const target = await openMongo(destination.to, destination.database, "promote");
    try {
      const name = `promotion of ${(await source.directory.setting("first-account")) ?? config.data}`;
      const ahead = options.ahead === true;
      const where = `database ${destination.database} at ${withoutPassword(destination.to)}`;
      const onWhole = () => markMoved(config.data, where, new Date());
      report(
        await withProgress({ source, target, name, ahead, onWhole }, console),
        destination,
        options,
        config.data,
        console,
      );
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function withProgress(moving: Moving, console: Console): Promise<Promoted> {
  const total = await moving.source.directory.countUsers();
  const progress = new Progress({ out: console.err, unit: "accounts", total });
  return promote({ ...moving, onAccount: () => progress.advance() }).finally(() => progress.end());
}

function report(
  promoted: Promoted,
  destination: Destination,
  options: PromoteOptions,
  data: string,
  console: Console,
): void {
  const { findings, ...totals } = promoted;
  if (options.json) {
    console.out.write(
      `${JSON.stringify({ database: destination.database, finished: !options.ahead, ...totals, findings })}\n`,
    );
  } else {
    for (const { account, what, text } of findings) console.out.write(`${account}  ${what}: ${text}\n`);
    const counted = `${totals.accounts} accounts, ${totals.entries} log entries`;
    if (options.ahead) {
      console.out.write(`Brought ${counted}. Stop the server and run this again without --ahead: it brings the rest\n`);
    } else if (findings.length === 0) {
      console.out.write(`Moved and verified ${counted}, ${totals.messages} messages\n${whatToDo(destination, data)}`);
    }
  }
  if (findings.length > 0)
    throw new CommandFailure("The promotion is not whole", `${findings.length} things are not as in the source`);
}

function whatToDo({ to, database, redis }: Destination, data: string): string {
  return [
    "",
    "Write this into eider.toml, then start any number of nodes; clients go on where they were:",
    "",
    "[store]",
    'kind = "mongodb"',
    "",
    "[mongodb]",
    `url = ${JSON.stringify(withoutPassword(to))}`,
    `database = ${JSON.stringify(database)}`,
    "",
    "[redis]",
    `url = ${JSON.stringify(redis === null ? "redis://…" : withoutPassword(redis))}`,
    "",
    "[http]",
    `token = "the same on all nodes"   # what is in ${join(data, "token")}, for instance`,
    "",
    `Keep ${data} until you are content; no server starts on it any more.`,
    "",
  ].join("\n");
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/[^:@/]*):[^@/]*@/, "$1:…@");
}

async function reach(url: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 3000, retryStrategy: () => null });
  // Failures arrive at the command that waits; unheard, they would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    throw new CommandFailure("Cannot promote", `Redis does not answer (${(error as Error).message})`, "check --redis");
  } finally {
    client.disconnect();
  }
}
