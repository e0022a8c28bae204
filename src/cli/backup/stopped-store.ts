import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStoresInThread } from "../../store/sqlite/open-stores.ts";
import type { Stores } from "../../store/stores.ts";
import { CommandFailure } from "../failure.ts";

/**
 * The embedded store of a server that is stopped, to be worked on. Where there is none, none is made: a mistyped
 * directory would look like a server without mail. Throws `DataDirectoryInUse`.
 */
export function openStoppedStore(dataDir: string, action: string): Stores {
  mustHoldStore(dataDir, action);
  return openSqliteStoresInThread({ dataDir });
}

export function mustHoldStore(dataDir: string, action: string): void {
  if (existsSync(join(dataDir, "eider.db"))) return;
  throw new CommandFailure(
    `Cannot ${action}`,
    `there is no eider.db in ${dataDir}`,
    "run this with the server's own configuration",
  );
}
