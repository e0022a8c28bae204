import type { AccountId } from "../../domain/ids.ts";
import { bytesOf, entryOf } from "../contract-fixtures.ts";
import { openSqliteStores } from "./open-stores.ts";
import { startSqliteWriter } from "./start-writer.ts";

/** The body of entry `seq`: from a few bytes to several pages. */
export function bodyAt(seq: number): Uint8Array {
  return bytesOf((seq * 977) % 20_000, seq);
}

/**
 * Appends to each account without end, and prints "account seq" for each append after it was acknowledged.
 * crash.test.ts runs this file as a program and ends it without warning.
 */
async function appendForEver(dataDir: string, accounts: readonly AccountId[]): Promise<void> {
  const writer = await startSqliteWriter({ dataDir });
  const { log } = openSqliteStores({ dataDir, writer: writer.connect() });
  await Promise.all(
    accounts.map(async (account) => {
      for (let seq = (await log.heads([account]))[0]! + 1; ; seq++) {
        const [result] = await log.append([entryOf(account, seq, { bodies: [bodyAt(seq)] })]);
        if (result !== "appended") throw new Error(`${account} ${seq}: ${result}`);
        process.stdout.write(`${account} ${seq}\n`);
      }
    }),
  );
}

if (import.meta.main) {
  const [dataDir, ...accounts] = process.argv.slice(2);
  await appendForEver(dataDir!, accounts as AccountId[]);
}
