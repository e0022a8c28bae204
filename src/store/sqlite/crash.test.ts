import { expect, test } from "bun:test";
import { join } from "node:path";
import type { AccountId } from "../../domain/ids.ts";
import { blobIdOf, newAccountId } from "../contract-fixtures.ts";
import { bodyAt } from "./crash.testing.ts";
import { openSqliteStoresInThread } from "./open-stores.ts";
import { temporaryDataDir } from "./temporary-stores.ts";

const rounds = 8;

test("kill -9 at any moment: every acknowledged entry is there, byte for byte, and none is missing before it", async () => {
  const { dataDir, remove } = temporaryDataDir();
  const accounts = Array.from({ length: 8 }, newAccountId);
  const acknowledged = new Map<AccountId, number>(accounts.map((account) => [account, 0]));
  for (let round = 0; round < rounds; round++) {
    await killAfter(20 + Math.floor(Math.random() * 400));
    const stores = openSqliteStoresInThread({ dataDir });
    const heads = await stores.log.heads(accounts);
    for (const [at, account] of accounts.entries()) {
      const head = heads[at]!;
      expect(head).toBeGreaterThanOrEqual(acknowledged.get(account)!);
      const entries = await stores.log.read(account, 0, head + 10, "bodies");
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
      for (const { seq, bodies } of entries) expect(bodies.map(blobIdOf)).toEqual([blobIdOf(bodyAt(seq))]);
    }
    await stores.close();
  }
  expect(Math.min(...acknowledged.values())).toBeGreaterThan(0);
  remove();

  /** Runs the appending program until it has acknowledged so many appends, then kills it. */
  async function killAfter(appends: number): Promise<void> {
    const program = join(import.meta.dir, "crash.testing.ts");
    const child = Bun.spawn([process.execPath, program, dataDir, ...accounts], { stdout: "pipe", stderr: "inherit" });
    let text = "";
    let lines = 0;
    const decoder = new TextDecoder();
    for await (const piece of child.stdout) {
      text += decoder.decode(piece, { stream: true });
      const whole = text.split("\n");
      text = whole.pop()!;
      for (const line of whole) {
        const [account, seq] = line.split(" ") as [AccountId, string];
        acknowledged.set(account, Number(seq));
      }
      lines += whole.length;
      if (lines >= appends) child.kill("SIGKILL");
    }
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  }
}, 60_000);
