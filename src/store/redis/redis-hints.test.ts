import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { isThere, redisEngine, startRedis } from "../../../test/engines.ts";
import { realClock } from "../../actors/runtime/clock.ts";
import { bytesOf, plain, textBytes } from "../contract-fixtures.ts";
import { hintsContract } from "../hints.contract.ts";
import { RedisHints } from "./redis-hints.ts";

// An engine on a busy machine takes its time.
setDefaultTimeout(60_000);

const engine = await redisEngine();
const newPrefix = () => `test-${randomBytes(6).toString("hex")}:`;

/** Lets time go by for the keys under a prefix: each expires that much sooner. */
async function age(redis: Redis, prefix: string, ms: number): Promise<void> {
  for (const key of await redis.keys(`${prefix}*`)) {
    const left = await redis.pttl(key);
    if (left > ms) await redis.pexpire(key, left - ms);
    else await redis.del(key);
    if ((await redis.type(key)) !== "zset") continue;
    for (const member of await redis.zrange(key, "0", "-1")) await redis.call("ZINCRBY", key, `${-ms}`, member);
  }
}

/** Goes on when `seen` says so: looks again whenever the event loop has been round. */
async function until(seen: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!seen()) {
    if (performance.now() > end) throw new Error("It did not happen within 20 s");
    await Bun.sleep(5);
  }
}

if (!isThere(engine)) describe("Redis hints", () => test.skip(engine.missing, () => {}));
else {
  hintsContract("Redis", async (clock) => {
    const prefix = newPrefix();
    const redis = new Redis(engine.url);
    const hints = await RedisHints.open({ url: engine.url, clock, prefix });
    return {
      hints,
      elapse: (seconds) => age(redis, prefix, seconds * 1000),
      async close() {
        await hints.close();
        const left = await redis.keys(`${prefix}*`);
        if (left.length > 0) await redis.del(...left);
        redis.disconnect();
      },
    };
  });

  describe("RedisHints between nodes", () => {
    const opened: RedisHints[] = [];
    const node = async (prefix: string) => {
      const hints = await RedisHints.open({ url: engine.url, clock: realClock, prefix });
      opened.push(hints);
      return hints;
    };
    afterAll(() => Promise.all(opened.map((hints) => hints.close())));

    test("what one publishes all hear once, byte for byte", async () => {
      const prefix = newPrefix();
      const [one, other] = [await node(prefix), await node(prefix)];
      const [here, there]: Uint8Array[][] = [[], []];
      one.subscribe("log:a", { heard: (payload) => here!.push(payload), gap() {} });
      other.subscribe("log:a", { heard: (payload) => there!.push(payload), gap() {} });
      while (there!.length === 0) {
        one.publish("log:a", textBytes("ready"));
        await one.ping();
        await other.ping();
      }
      here!.length = 0;
      const payloads = [bytesOf(256), new Uint8Array(0), bytesOf(70_000)];
      for (const payload of payloads) one.publish("log:a", payload);
      expect(plain(here)).toEqual(plain(payloads));
      await until(() => there!.some((payload) => payload.length === 70_000));
      expect(plain(there!.slice(-3))).toEqual(plain(payloads));
      expect(here).toHaveLength(3);
    });

    test("records, groups and counters are the same for all, and records carry their ttl", async () => {
      const prefix = newPrefix();
      const [one, other] = [await node(prefix), await node(prefix)];
      await one.put("session:sess_0a", { user: "anna" }, 3600);
      expect(await other.get("session:sess_0a")).toEqual({ user: "anna" });
      expect(await other.list("session:", 10)).toEqual([{ key: "session:sess_0a", value: { user: "anna" } }]);
      await one.put("session:empty", {}, 3600);
      expect(await other.get("session:empty")).toEqual({});
      const redis = new Redis(engine.url);
      const left = await redis.pttl(`${prefix}session:sess_0a`);
      expect(left).toBeGreaterThan(3_500_000);
      expect(left).toBeLessThanOrEqual(3_600_000);
      expect(await one.join("imap:anna", "x", 60, 2)).toBe(true);
      expect(await other.join("imap:anna", "y", 60, 2)).toBe(true);
      expect(await one.join("imap:anna", "z", 60, 2)).toBe(false);
      const joined = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? one : other).join("race", `m${at}`, 60, 5)),
      );
      expect(joined.filter(Boolean)).toHaveLength(5);
      await one.count("login", 3, 60);
      expect((await other.count("login", 1, 60)).count).toBe(4);
      expect(await redis.pttl(`${prefix}count:login`)).toBeGreaterThan(0);
      expect(await redis.pttl(`${prefix}group:race`)).toBeGreaterThan(0);
      redis.disconnect();
    });
  });
}

const own = await startRedis();
if (!isThere(own)) describe("RedisHints with Redis away", () => test.skip(own.missing, () => {}));
else
  describe("RedisHints with Redis away", () => {
    afterAll(() => own.dispose());

    test("this node's own hints answer, and all is as before when Redis is back, after a gap", async () => {
      const [one, other] = [
        await RedisHints.open({ url: own.url, clock: realClock }),
        await RedisHints.open({ url: own.url, clock: realClock }),
      ];
      try {
        const [here, there]: string[][] = [[], []];
        let gaps = 0;
        one.subscribe("c", { heard: (payload) => here!.push(new TextDecoder().decode(payload)), gap() {} });
        other.subscribe("c", { heard: (payload) => there!.push(new TextDecoder().decode(payload)), gap: () => gaps++ });
        await one.put("session:1", { user: "anna" }, 3600);
        await one.join("g", "m", 60, 1);
        expect(one.healthy).toBe(true);

        await own.stop("SIGKILL");
        await until(() => !one.healthy && !other.healthy);
        expect(await one.get("session:1")).toEqual({ user: "anna" });
        expect(await one.list("session:", 5)).toHaveLength(1);
        expect(await one.join("g", "n", 60, 1)).toBe(false);
        expect(await other.join("g", "n", 60, 1)).toBe(true);
        expect((await one.count("k", 2, 60)).count).toBe(2);
        await one.put("session:2", { user: "bert" }, 3600);
        await one.remove("session:1");
        expect((await one.list("session:", 5)).map(({ key }) => key)).toEqual(["session:2"]);
        one.publish("c", textBytes("alone"));
        expect(here).toEqual(["alone"]);
        await expect(one.ping()).rejects.toThrow();
        expect(gaps).toBe(0);

        await own.start();
        await until(() => one.healthy && other.healthy);
        expect(gaps).toBe(1);
        expect(await one.ping()).toBeGreaterThan(0);
        await one.put("session:3", { user: "carl" }, 3600);
        expect(await other.get("session:3")).toEqual({ user: "carl" });
        one.publish("c", textBytes("together"));
        await until(() => there!.includes("together"));
        // What could not be published then may come now, too.
        expect(there!.filter((text) => text !== "alone")).toEqual(["together"]);
      } finally {
        await one.close();
        await other.close();
      }
    });

    test("a Redis that hangs is away too: calls answer, and it is noticed", async () => {
      const hints = await RedisHints.open({ url: own.url, clock: realClock });
      try {
        process.kill(own.pid(), "SIGSTOP");
        expect(await hints.join("h", "a", 60, 1)).toBe(true);
        expect(await hints.get("nothing")).toBeNull();
        await until(() => !hints.healthy);
        process.kill(own.pid(), "SIGCONT");
        await until(() => hints.healthy);
        await hints.put("after", { a: "1" }, 60);
        expect(await hints.get("after")).toEqual({ a: "1" });
      } finally {
        process.kill(own.pid(), "SIGCONT");
        await hints.close();
      }
    });

    test("it opens without Redis and takes it when it comes", async () => {
      await own.stop();
      const hints = await RedisHints.open({ url: own.url, clock: realClock });
      try {
        expect(hints.healthy).toBe(false);
        await hints.put("early", { a: "1" }, 60);
        expect(await hints.get("early")).toEqual({ a: "1" });
        await own.start();
        await until(() => hints.healthy);
        expect(await hints.count("fresh", 1, 60)).toEqual({ count: 1, resetIn: 60 });
      } finally {
        await hints.close();
      }
    });
  });
