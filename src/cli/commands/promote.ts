import { join } from "node:path";
import type { Command } from "commander";
import { type PromoteOptions as Moving, type Promoted, promote, TargetOccupied } from "../../promote/promote.ts";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import { configOf, openBesideServer, openMongo } from "../backup/configured-stores.ts";
import { explained } from "../backup/explained.ts";
import type { Console } from "../console.ts";
import { CommandFailure, WrongUsage } from "../failure.ts";
import { type CommonOptions, withCommonOptions } from "../options.ts";
import { Progress } from "../progress.ts";

type PromoteOptions = CommonOptions & {
  readonly to: string;
  readonly redis?: string;
  readonly database: string;
  readonly ahead?: boolean;
};

/** `eider promote`: from the embedded store to MongoDB and Redis. */
export function addPromote(program: Command, console: Console): void {
  withCommonOptions(program.command("promote"), "to nobody")
    .description("move an embedded data directory to MongoDB; what is cut short goes on when it is run again")
    .requiredOption("--to <url>", "the database: mongodb://db1,db2,db3/?replicaSet=rs0")
    .option("--database <name>", "its name", "eider")
    .option("--redis <url>", "checked, and named in what to write into eider.toml")
    .option(
      "--ahead",
      "bring most of it while the server still runs; run it again without this when the server is stopped",
    )
    .action(async (options: PromoteOptions) => {
      if (!/^mongodb(\+srv)?:\/\//.test(options.to))
        throw new WrongUsage("--to takes a URL that begins with mongodb://");
      if (options.redis !== undefined && !/^rediss?:\/\//.test(options.redis))
        throw new WrongUsage("--redis takes a URL that begins with redis://");
      try {
        await run(options, console);
      } catch (error) {
        throw error instanceof TargetOccupied
          ? new CommandFailure("Cannot promote", `database ${options.database}: ${error.message}`, "name an empty one")
          : explained("promote", error);
      }
    });
}

async function run(options: PromoteOptions, console: Console): Promise<void> {
  const config = configOf(options, console, "promote");
  if (config.store.kind !== "embedded")
    throw new CommandFailure(
      "Cannot promote",
      "the configured store is MongoDB already",
      "run this with the old eider.toml",
    );
  if (options.redis !== undefined) await reach(options.redis);
  const source = options.ahead
    ? await openBesideServer(config, "promote")
    : openSqliteStoresInThread({ dataDir: config.data });
  try {
    const target = await openMongo(options.to, options.database, "promote");
    try {
      const name = `promotion of ${(await source.directory.setting("first-account")) ?? config.data}`;
      const ahead = options.ahead === true;
      report(await withProgress({ source, target, name, ahead }, console), options, config.data, console);
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

function report(promoted: Promoted, options: PromoteOptions, data: string, console: Console): void {
  const { findings, ...totals } = promoted;
  if (options.json) {
    console.out.write(
      `${JSON.stringify({ database: options.database, finished: !options.ahead, ...totals, findings })}\n`,
    );
  } else {
    for (const { account, what, text } of findings) console.out.write(`${account}  ${what}: ${text}\n`);
    const counted = `${totals.accounts} accounts, ${totals.entries} log entries`;
    if (options.ahead) {
      console.out.write(`Brought ${counted}. Stop the server and run this again without --ahead: it brings the rest\n`);
    } else if (findings.length === 0) {
      console.out.write(`Moved and verified ${counted}, ${totals.messages} messages\n${whatToDo(options, data)}`);
    }
  }
  if (findings.length > 0)
    throw new CommandFailure("The promotion is not whole", `${findings.length} things are not as in the source`);
}

function whatToDo({ to, database, redis }: PromoteOptions, data: string): string {
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
    `url = ${JSON.stringify(redis === undefined ? "redis://…" : withoutPassword(redis))}`,
    "",
    "[http]",
    `token = "the same on all nodes"   # what is in ${join(data, "token")}, for instance`,
    "",
    `Keep ${data} until you are content; no server must be started on it again.`,
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
