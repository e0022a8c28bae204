import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isThere, startMongo } from "../../../test/engines.ts";
import type { LogEntry } from "../../domain/account/events.ts";
import { bytesOf, entryOf, manualClock, newAccountId } from "../contract-fixtures.ts";
import { StoreUnavailable } from "../log.ts";
import { openMongoStores } from "./open-mongo-stores.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(120_000);

const own = await startMongo();

if (!isThere(own)) describe("MongoDB away", () => test.skip(own.missing, () => {}));
else
  describe("MongoDB away", () => {
    afterAll(() => own.dispose());
    const options = { url: own.url, database: "eider_test_away", clock: manualClock(), patience: 1_000 };

    /** Does it again for as long as the store says that it is away. */
    async function persistently<T>(run: () => Promise<T>): Promise<T> {
      for (let round = 0; ; round++) {
        try {
          return await run();
        } catch (error) {
          if (!(error instanceof StoreUnavailable) || round > 100) throw error;
        }
      }
    }

    test("calls fail as unavailable and not otherwise, and work again when it is back", async () => {
      const stores = await openMongoStores(options);
      try {
        const account = newAccountId();
        await stores.log.append([entryOf(account, 1)]);
        await own.stop("SIGKILL");
        const { log, state, blobs, directory } = stores;
        const calls = [
          () => log.append([entryOf(account, 2)]),
          () => log.read(account, 0, 1, "bodies"),
          () => log.heads([account]),
          () => log.bodies(account, [{ seq: 1, index: 0 }]),
          () => state.loadSnapshot(account),
          () => state.saveSnapshot({ account, seq: 1, head: bytesOf(1), names: [], parts: new Map() }),
          () => blobs.read("0".repeat(64) as never, 0, 1),
          () => blobs.create().finish(),
          () => directory.userByView("anna"),
          () => directory.putSettingOnce("k", "v"),
          () => stores.ping(),
        ];
        const errors = await Promise.all(
          calls.map((call) =>
            call().then(
              () => null,
              (error) => error,
            ),
          ),
        );
        for (const error of errors) expect(error).toBeInstanceOf(StoreUnavailable);
        expect(errors[0]!.message).toMatch(/^Cannot append 1 entries: /);
        await expect(openMongoStores(options)).rejects.toBeInstanceOf(StoreUnavailable);

        await own.start();
        expect(await persistently(() => log.heads([account]))).toEqual([1]);
        expect(await persistently(() => log.append([entryOf(account, 2)]))).toEqual(["appended"]);
      } finally {
        await stores.close();
      }
      await expect(stores.log.heads([newAccountId()])).rejects.toBeInstanceOf(StoreUnavailable);
    });

    test("what was acknowledged before a kill is there after it, and what was not can be sent again: each once", async () => {
      const stores = await openMongoStores(options);
      try {
        for (let round = 0; round < 3; round++) {
          const entries: LogEntry[] = Array.from({ length: 60 }, () =>
            entryOf(newAccountId(), 1, { bodies: [bytesOf(2000)] }),
          );
          let acknowledged = 0;
          const results = Promise.allSettled(
            entries.map(async (entry) => {
              const result = await stores.log.append([entry]);
              if (++acknowledged === 20) void own.stop("SIGKILL");
              return result;
            }),
          );
          const settled = await results;
          await own.stop("SIGKILL");
          expect(settled.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(20);
          await own.start();
          const heads = await persistently(() => stores.log.heads(entries.map(({ account }) => account)));
          for (const [at, result] of settled.entries()) {
            if (result.status === "fulfilled") expect([result.value, heads[at]]).toEqual([["appended"], 1]);
            else expect(result.reason).toBeInstanceOf(StoreUnavailable);
          }
          expect(await persistently(() => stores.log.append(entries))).toEqual(entries.map(() => "appended"));
          for (const { account, batch } of entries.slice(0, 5)) {
            const kept = await stores.log.read(account, 0, 9, "no bodies");
            expect(kept.map((entry) => entry.batch)).toEqual([batch]);
          }
        }
      } finally {
        await stores.close();
      }
    });

    test("a MongoDB that hangs is noticed, and its callers are told", async () => {
      const stores = await openMongoStores(options);
      try {
        process.kill(own.pid(), "SIGSTOP");
        await expect(stores.log.append([entryOf(newAccountId(), 1)])).rejects.toBeInstanceOf(StoreUnavailable);
        process.kill(own.pid(), "SIGCONT");
        expect(await persistently(() => stores.log.append([entryOf(newAccountId(), 1)]))).toEqual(["appended"]);
      } finally {
        process.kill(own.pid(), "SIGCONT");
        await stores.close();
      }
    });
  });
