import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../actors/runtime/clock.ts";
import type { Stores } from "../stores.ts";
import { openSqliteStores, openSqliteStoresInThread } from "./open-stores.ts";
import { startSqliteWriter } from "./start-writer.ts";

export type TemporaryStores = Stores & { readonly dataDir: string };

/** A data directory that is gone after `remove`. */
export function temporaryDataDir(): { dataDir: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), "eider-"));
  return { dataDir: join(parent, "data"), remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/** The two ways the embedded store runs, each in a directory of its own that `close` removes. */
export const waysToRun: readonly (readonly [string, (clock?: Clock) => Promise<TemporaryStores>])[] = [
  [
    "SQLite with writer threads",
    async (clock) => {
      const { dataDir, remove } = temporaryDataDir();
      const writer = await startSqliteWriter({ dataDir });
      const stores = openSqliteStores({ dataDir, writer: writer.connect(), clock });
      const close = async () => {
        await stores.close();
        await writer.close();
        remove();
      };
      return { ...stores, dataDir, close };
    },
  ],
  [
    "SQLite in one thread",
    async (clock) => {
      const { dataDir, remove } = temporaryDataDir();
      const stores = openSqliteStoresInThread({ dataDir, clock });
      const close = async () => {
        await stores.close();
        remove();
      };
      return { ...stores, dataDir, close };
    },
  ],
];
