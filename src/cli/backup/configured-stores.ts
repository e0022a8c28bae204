import { realClock } from "../../actors/runtime/clock.ts";
import { type Config, loadConfig } from "../../operation/config.ts";
import { DataDirectoryUnreadable, openSqliteStoresForReading } from "../../store/sqlite/open-for-reading.ts";
import type { Stores } from "../../store/stores.ts";
import type { Console } from "../console.ts";
import { CommandFailure } from "../failure.ts";
import type { CommonOptions } from "../options.ts";

export function configOf(options: CommonOptions, console: Console, action: string): Config {
  const loaded = loadConfig({ file: options.config, env: console.env, cwd: console.cwd });
  if (loaded.ok) return loaded.config;
  throw new CommandFailure(`Cannot ${action}`, loaded.problems.join("; "), "`eider config` shows all problems");
}

/** The stores that the configuration names, beside whatever server uses them; those of the embedded kind can only be read. */
export async function openBesideServer(config: Config, action: string): Promise<Stores> {
  if (config.store.kind === "mongodb") return openMongo(config.mongodb.url!, config.mongodb.database, action);
  try {
    return openSqliteStoresForReading({ dataDir: config.data });
  } catch (error) {
    if (!(error instanceof DataDirectoryUnreadable)) throw error;
    throw new CommandFailure(`Cannot ${action}`, error.message, "run this with the server's own configuration");
  }
}

export async function openMongo(url: string, database: string, action: string): Promise<Stores> {
  // Loaded only where it is used: the embedded store does without.
  const { openMongoStores } = await import("../../store/mongo/open-mongo-stores.ts");
  try {
    return await openMongoStores({ url, database, clock: realClock });
  } catch (error) {
    throw new CommandFailure(`Cannot ${action}`, (error as Error).message, "check the URL and that MongoDB is up");
  }
}
