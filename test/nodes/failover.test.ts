import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { balancerMissing } from "./balancer.ts";
import { openCluster } from "./cluster.ts";
import { measureFailover } from "./failover.ts";

setDefaultTimeout(120_000);

const opened = await openCluster();
const missing = "missing" in opened ? opened.missing : balancerMissing();

if ("missing" in opened || missing !== null) describe("failover", () => test.skip(missing!, () => {}));
else
  describe("failover", () => {
    afterAll(() => opened.close());

    // How long it takes is for bench to say; that it comes to an end, with nothing fetched twice, is said here.
    test("a client whose node is killed is synchronised elsewhere, round after round", async () => {
      const { outages } = await measureFailover(opened, 3, 50);
      expect(outages).toHaveLength(3);
      for (const outage of outages) expect(outage).toBeGreaterThan(0);
      if (process.env.SHOW) console.log(outages.map(Math.round));
    });
  });
