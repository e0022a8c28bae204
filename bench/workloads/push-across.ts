import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEider } from "../servers/eider.ts";
import { startMongoSetting } from "../servers/mongo-setting.ts";
import { median, percentile } from "../statistics.ts";
import { workload } from "../workload.ts";
import { pushDelays } from "./push.ts";

/** As `push`, with the client on another node of one MongoDB and Redis. */
export const pushAcross = workload({
  name: "push-across",
  title: "Push: 250 from one node → EXISTS at an idle client of another, over Redis",
  only: ["eider"],
  sizes: { warmUp: { full: 30, quick: 10 }, deliveries: { full: 300, quick: 50 } },
  figures: {
    p50: { what: "median", unit: "ms", better: "less" },
    p99: { what: "99th percentile", unit: "ms", better: "less", aim: { value: 25 } },
  },
  async run({ sizes }) {
    const setting = await startMongoSetting();
    const shared = { mongo: await setting.counted(), redis: setting.redis };
    const directory = mkdtempSync(join(tmpdir(), "eider-bench-nodes-"));
    const one = await startEider(join(directory, "one"), shared);
    const other = await startEider(join(directory, "other"), shared);
    try {
      const ports = { imap: other.ports.imap, lmtp: one.ports.lmtp };
      const late = await pushDelays(ports, await one.user("across"), sizes);
      return { p50: median(late), p99: percentile(late, 0.99) };
    } finally {
      await one.stop();
      await other.stop();
      await setting.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
});
