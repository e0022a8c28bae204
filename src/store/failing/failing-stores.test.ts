import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  addressOf,
  blobIdOf,
  bytesOf,
  entryOf,
  newAccountId,
  newMessageId,
  textBytes,
  userOf,
} from "../contract-fixtures.ts";
import { StoreUnavailable } from "../log.ts";
import { waysToRun } from "../sqlite/temporary-stores.ts";
import type { Stores } from "../stores.ts";
import { done, type FailingStores, failingStores, fromCall, onlyCall } from "./failing-stores.ts";

describe("failingStores", () => {
  let real: Stores;
  let stores: FailingStores;
  beforeEach(async () => {
    real = await waysToRun.find(([name]) => name.includes("one thread"))![1]();
    stores = failingStores(real);
  });
  afterEach(() => stores.close());

  test("without a plan every call is done, and written down", async () => {
    const entry = entryOf(newAccountId(), 1);
    expect(await stores.log.append([entry])).toEqual(["appended"]);
    expect(await stores.log.heads([entry.account])).toEqual([1]);
    const seen: string[] = [];
    for await (const account of stores.log.accounts()) seen.push(account);
    expect(seen).toEqual([entry.account]);
    expect(stores.calls.map(({ number, port, method }) => [number, port, method])).toEqual([
      [1, "log", "append"],
      [2, "log", "heads"],
      [3, "log", "accounts"],
    ]);
  });

  test("a refused call does nothing and says so", async () => {
    stores.plan(onlyCall(2, "refused"));
    const [one, two] = [entryOf(newAccountId(), 1), entryOf(newAccountId(), 1)];
    await stores.log.append([one]);
    const error = await stores.log.append([two]).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.kept).toBe("no");
    expect(await real.log.heads([one.account, two.account])).toEqual([1, 0]);
    expect(await stores.log.append([two])).toEqual(["appended"]);
  });

  test("a call whose answer is lost is done, and nobody can say so", async () => {
    stores.plan(onlyCall(1, "answerLost"));
    const entry = entryOf(newAccountId(), 1);
    const error = await stores.log.append([entry]).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.kept).toBe("unknown");
    expect(await real.log.heads([entry.account])).toEqual([1]);
  });

  test("a held call is done when it is released, and later ones do not wait for it", async () => {
    const gate = Promise.withResolvers<void>();
    stores.plan(({ number }) => (number === 1 ? { kind: "held", release: gate.promise } : { kind: "done" }));
    const entry = entryOf(newAccountId(), 1);
    const held = stores.log.append([entry]);
    expect(await stores.log.heads([entry.account])).toEqual([0]);
    gate.resolve();
    expect(await held).toEqual(["appended"]);
    expect(await stores.log.heads([entry.account])).toEqual([1]);
  });

  test("from the k-th on: away and staying away, on every port", async () => {
    stores.plan(fromCall(1));
    const user = userOf("anna");
    await expect(stores.log.heads([newAccountId()])).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(stores.state.loadSnapshot(newAccountId())).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(stores.blobs.sweep(0)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(stores.blobs.create().write(bytesOf(1))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(stores.directory.insertUser(user, addressOf(user))).rejects.toBeInstanceOf(StoreUnavailable);
    stores.plan(() => ({ kind: "refused", error: new Error("of another kind") }));
    await expect(stores.directory.userById(user.id)).rejects.toThrow("of another kind");
  });

  test("a plan may look at the call: the port, the method, what it was given", async () => {
    const [one, two] = [newAccountId(), newAccountId()];
    stores.plan(onlyCall(1, "refused", ({ method, args }) => method === "loadSnapshot" && args[0] === two));
    await stores.log.heads([two]);
    expect(await stores.state.loadSnapshot(one)).toBeNull();
    await expect(stores.state.loadSnapshot(two)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await stores.state.loadSnapshot(two)).toBeNull();
  });

  test("whichever call fails, in whichever way: done again from the start it is all there, once", async () => {
    const bytes = bytesOf(300_000, 7);
    const blob = blobIdOf(bytes);
    for (const kind of ["refused", "answerLost"] as const) {
      for (let k = 1; ; k++) {
        const account = newAccountId();
        const message = newMessageId();
        const entry = entryOf(account, 1, { bodies: [textBytes("body")] });
        const deliver = async () => {
          const writer = stores.blobs.create();
          try {
            await writer.write(bytes);
            await writer.finish();
          } catch (error) {
            await writer.abort();
            throw error;
          }
          const [result] = await stores.log.append([entry]);
          await stores.blobs.reference([{ blob, account, message }]);
          await stores.state.saveSnapshot({
            account,
            seq: 1,
            head: bytesOf(9),
            names: ["a"],
            parts: new Map([["a", bytesOf(8)]]),
          });
          return result;
        };
        let failed = false;
        stores.plan(onlyCall(k, kind));
        const first = await deliver().catch((error) => {
          failed = true;
          return error;
        });
        if (failed) expect(first).toBeInstanceOf(StoreUnavailable);
        stores.plan(() => done);
        expect(await deliver()).toBe("appended");
        expect(await real.log.read(account, 0, 9, "no bodies")).toHaveLength(1);
        expect(blobIdOf((await real.blobs.read(blob, 0, bytes.length))!)).toBe(blob);
        expect((await real.state.loadSnapshot(account))!.parts.size).toBe(1);
        if (!failed) {
          expect(k).toBe(6);
          break;
        }
      }
    }
  });
});
