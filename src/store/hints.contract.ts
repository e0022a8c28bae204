import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bytesOf, type ManualClock, manualClock, plain, textBytes } from "./contract-fixtures.ts";
import type { Hints } from "./hints.ts";

/** What a suite is given: `elapse` lets the store's time go by (by its clock, or by ageing what it keeps). */
export type OpenedHints = { hints: Hints; elapse?(seconds: number): Promise<void>; close(): Promise<void> };

/** The laws of `Hints`, on any implementation; every `open` gives an empty one. */
export function hintsContract(name: string, open: (clock: ManualClock) => Promise<OpenedHints>): void {
  describe(`Hints contract: ${name}`, () => {
    const clock = manualClock();
    let opened: OpenedHints;
    let hints: Hints;
    let number = 0;
    beforeAll(async () => {
      opened = await open(clock);
      hints = opened.hints;
    });
    afterAll(() => opened.close());

    const fresh = (word: string) => `${word}:${number++}`;
    async function elapse(seconds: number): Promise<void> {
      clock.advance(seconds * 1000);
      await opened.elapse?.(seconds);
    }
    /** A publication may be lost while the subscription is on its way: says it again until it is heard. */
    async function publishUntil(channel: string, payload: Uint8Array, heard: () => boolean): Promise<void> {
      for (let round = 0; round < 1000 && !heard(); round++) {
        hints.publish(channel, payload);
        await hints.ping();
      }
      expect(heard()).toBe(true);
    }
    const listener = (heard: Uint8Array[]) => ({
      heard: (payload: Uint8Array) => heard.push(payload.slice()),
      gap() {},
    });

    test("every listener of a channel hears its payloads, byte for byte and in order, and no other's", async () => {
      const [channel, other] = [fresh("log"), fresh("log")];
      const [first, second, elsewhere]: Uint8Array[][] = [[], [], []];
      const leave = [
        hints.subscribe(channel, listener(first!)),
        hints.subscribe(channel, listener(second!)),
        hints.subscribe(other, listener(elsewhere!)),
      ];
      await publishUntil(channel, textBytes("ready"), () => first!.length > 0 && second!.length > 0);
      await publishUntil(other, textBytes("ready"), () => elsewhere!.length > 0);
      await hints.ping();
      for (const list of [first!, second!, elsewhere!]) list.length = 0;
      const payloads = [bytesOf(256), new Uint8Array(0), bytesOf(100_000, 5)];
      for (const payload of payloads) hints.publish(channel, payload);
      await publishUntil(
        other,
        textBytes("end"),
        () => elsewhere!.length > 0 && first!.length >= 3 && second!.length >= 3,
      );
      expect(plain(first!.slice(-3))).toEqual(plain(payloads));
      expect(plain(second!.slice(-3))).toEqual(plain(payloads));
      expect(elsewhere!.every((payload) => plain(payload) !== plain(payloads[0]!))).toBe(true);
      for (const end of leave) end();
    });

    test("who left hears nothing more, and the others still do", async () => {
      const channel = fresh("log");
      const [gone, stays]: Uint8Array[][] = [[], []];
      const leave = hints.subscribe(channel, listener(gone!));
      const end = hints.subscribe(channel, listener(stays!));
      await publishUntil(channel, textBytes("1"), () => gone!.length > 0 && stays!.length > 0);
      leave();
      leave();
      gone!.length = 0;
      stays!.length = 0;
      await publishUntil(channel, textBytes("2"), () => stays!.some((payload) => payload[0] === 50));
      expect(gone!.filter((payload) => payload[0] === 50)).toEqual([]);
      end();
    });

    test("a publication without listeners harms nobody, and a listener that throws harms no other", async () => {
      const channel = fresh("log");
      hints.publish(channel, textBytes("unheard"));
      const heard: Uint8Array[] = [];
      const bad = hints.subscribe(channel, {
        heard() {
          throw new Error("a listener's fault");
        },
        gap() {},
      });
      const end = hints.subscribe(channel, listener(heard));
      await publishUntil(channel, textBytes("x"), () => heard.length > 0);
      bad();
      end();
    });

    test("a record is what was last put, until it is removed", async () => {
      const key = fresh("session");
      expect(await hints.get(key)).toBeNull();
      await hints.put(key, { user: "anna", mailbox: "Päivä 😀", empty: "" }, 3600);
      expect(await hints.get(key)).toEqual({ user: "anna", mailbox: "Päivä 😀", empty: "" });
      await hints.put(key, { user: "bert" }, 3600);
      expect(await hints.get(key)).toEqual({ user: "bert" });
      await hints.remove(key);
      await hints.remove(key);
      expect(await hints.get(key)).toBeNull();
    });

    test("a record is gone after its ttl, unless it was put again", async () => {
      const [left, kept] = [fresh("session"), fresh("session")];
      await hints.put(left, { a: "1" }, 60);
      await hints.put(kept, { a: "1" }, 60);
      await elapse(40);
      await hints.put(kept, { a: "2" }, 60);
      await elapse(40);
      expect(await hints.get(left)).toBeNull();
      expect(await hints.get(kept)).toEqual({ a: "2" });
    });

    test("list gives the living records under a prefix, at most `limit`", async () => {
      const prefix = `${fresh("list")}:`;
      const other = `${fresh("list")}:`;
      for (let at = 0; at < 25; at++) await hints.put(`${prefix}${at}`, { at: `${at}` }, at < 20 ? 1000 : 10);
      await hints.put(`${other}x`, { at: "x" }, 1000);
      await hints.remove(`${prefix}3`);
      await elapse(100);
      const found = await hints.list(prefix, 100);
      const expected = Array.from({ length: 20 }, (_, at) => at).filter((at) => at !== 3);
      expect(found.map(({ value }) => Number(value.at)).sort((a, b) => a - b)).toEqual(expected);
      for (const { key, value } of found) expect(key).toBe(`${prefix}${value.at}`);
      expect(await hints.list(prefix, 7)).toHaveLength(7);
      expect(await hints.list(fresh("none"), 10)).toEqual([]);
      expect(await hints.list(`${prefix.slice(0, -1)}*`, 10)).toEqual([]);
    });

    test("a group takes members up to its limit, one of them again any time", async () => {
      const group = fresh("connections");
      expect(await hints.join(group, "a", 60, 2)).toBe(true);
      expect(await hints.join(group, "b", 60, 2)).toBe(true);
      expect(await hints.join(group, "c", 60, 2)).toBe(false);
      expect(await hints.join(group, "a", 60, 2)).toBe(true);
      await hints.leave(group, "b");
      await hints.leave(group, "b");
      expect(await hints.join(group, "c", 60, 2)).toBe(true);
      expect(await hints.join(group, "d", 60, 2)).toBe(false);
      expect(await hints.join(fresh("connections"), "d", 60, 1)).toBe(true);
      expect(await hints.join(fresh("connections"), "d", 60, 0)).toBe(false);
    });

    test("members expire one by one; joining again keeps one alive", async () => {
      const group = fresh("connections");
      await hints.join(group, "a", 60, 2);
      await hints.join(group, "b", 60, 2);
      await elapse(40);
      expect(await hints.join(group, "b", 60, 2)).toBe(true);
      await elapse(40);
      expect(await hints.join(group, "c", 60, 2)).toBe(true);
      expect(await hints.join(group, "d", 60, 2)).toBe(false);
    });

    test("a group tells its members", async () => {
      const group = fresh("connections");
      expect(await hints.members(group)).toEqual([]);
      await hints.join(group, "a", 60, 2);
      await hints.join(group, "b", 60, 2);
      expect([...(await hints.members(group))].sort()).toEqual(["a", "b"]);
      await hints.leave(group, "a");
      expect(await hints.members(group)).toEqual(["b"]);
    });

    test("of many who join at once no more than the limit get in", async () => {
      const group = fresh("connections");
      const results = await Promise.all(Array.from({ length: 30 }, (_, at) => hints.join(group, `m${at}`, 60, 7)));
      expect(results.filter(Boolean)).toHaveLength(7);
    });

    test("reading a counter makes none", async () => {
      const key = fresh("read");
      expect(await hints.count(key, 0, 60)).toEqual({ count: 0, resetIn: 0 });
      await elapse(30);
      expect(await hints.count(key, 1, 60)).toEqual({ count: 1, resetIn: 60 });
    });

    test("a counter adds up, says when it starts over, and does", async () => {
      const key = fresh("count");
      expect(await hints.count(key, 1, 60)).toEqual({ count: 1, resetIn: 60 });
      await elapse(20);
      const second = await hints.count(key, 5, 60);
      expect(second.count).toBe(6);
      expect(second.resetIn).toBeGreaterThan(38);
      expect(second.resetIn).toBeLessThanOrEqual(40);
      expect((await hints.count(key, 0, 60)).count).toBe(6);
      await elapse(41);
      expect((await hints.count(key, 2, 60)).count).toBe(2);
      const counts = await Promise.all(Array.from({ length: 20 }, () => hints.count("parallel", 1, 60)));
      expect(counts.map(({ count }) => count).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, at) => at + 1),
      );
    });

    test("it is healthy and answers a ping", async () => {
      expect(hints.healthy).toBe(true);
      expect(await hints.ping()).toBeGreaterThanOrEqual(0);
    });
  });
}
