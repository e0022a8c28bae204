import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isThere, mongoEngine, redisEngine } from "../../test/engines.ts";
import { startEider } from "../servers/eider.ts";
import { median, percentile, type Workload } from "../workload.ts";
import { pushDelays } from "./push.ts";

/** As `push`, with the client on another node of one MongoDB and Redis. */
export const pushAcross: Workload = {
  name: "push-across",
  title: "Push: 250 from one node → EXISTS at an idle client of another, over Redis",
  only: ["eider"],
  rounds: 1,
  figures: {
    p50: { what: "median", unit: "ms", better: "less" },
    p99: { what: "99th percentile", unit: "ms", better: "less", aim: { value: 25 } },
  },
  async run(): Promise<Record<string, number>> {
    const [mongo, redis] = await Promise.all([mongoEngine(), redisEngine()]);
    if (!isThere(mongo) || !isThere(redis)) return {};
    const settings = {
      EIDER_STORE_KIND: "mongodb",
      EIDER_MONGODB_URL: mongo.url,
      EIDER_MONGODB_DATABASE: `bench_push_${Date.now()}`,
      EIDER_REDIS_URL: redis.url,
    };
    const directory = mkdtempSync(join(tmpdir(), "eider-bench-nodes-"));
    const one = await startEider(join(directory, "one"), { settings });
    const other = await startEider(join(directory, "other"), { settings });
    try {
      const late = await pushDelays(other.ports.imap, one.ports.lmtp, await one.user("across"));
      return { p50: median(late), p99: percentile(late, 0.99) };
    } finally {
      await one.stop();
      await other.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
