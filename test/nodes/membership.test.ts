import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { balancerMissing } from "./balancer.ts";
import { openCluster } from "./cluster.ts";
import { type Farm, openFarm } from "./farm.ts";
import { startLoad } from "./load.ts";

setDefaultTimeout(120_000);

const opened = await openCluster();
const missing = "missing" in opened ? opened.missing : balancerMissing();

if ("missing" in opened || missing !== null) describe("nodes that come and go", () => test.skip(missing!, () => {}));
else {
  const cluster = opened;
  describe("nodes that come and go", () => {
    let farm: Farm;
    beforeAll(async () => {
      farm = await openFarm(cluster, 3, 2);
    });
    afterAll(async () => {
      await farm.close();
      await cluster.close();
    });

    const add = async (name: string): Promise<string> => {
      const user = { username: `${name}@localhost`, password: "secret", allowUnsafe: true };
      expect(await (await farm.http("POST", "/users", user)).json()).toMatchObject({ success: true });
      return user.username;
    };
    const flows = async (load: ReturnType<typeof startLoad>): Promise<void> => {
      const before = load.log().delivered.length;
      await eventually("mail flows", () => load.log().delivered.length > before + 30);
    };

    test("a third joins under load, and one leaves: nothing is deferred, clients find it all elsewhere", async () => {
      const user = await add("joins");
      const load = startLoad(farm, user);
      await flows(load);
      const [first, , third] = farm.places as [Farm["places"][0], Farm["places"][0], Farm["places"][0]];
      await third.fill();
      await farm.found(third);
      await flows(load);
      const { pid } = first.node!;
      await eventually("the one that leaves has sessions", async () => (await farm.whereabouts(user)).includes(pid));
      expect(await first.leave()).toBe(0);
      await flows(load);
      await eventually("the one that came has sessions", async () =>
        (await farm.whereabouts(user)).includes(third.node!.pid),
      );
      expect(load.idlers.reduce((sum, client) => sum + client.reconnects, 0)).toBeGreaterThan(0);
      const { failed, deferred, reconnected } = await load.settle();
      expect({ failed, deferred }).toEqual({ failed: [], deferred: [] });
      expect(reconnected).toBeGreaterThan(0);
      await first.fill();
    });

    test("a rolling upgrade: nodes are replaced one by one, no delivery is deferred, no client begins anew", async () => {
      const user = await add("rolls");
      const load = startLoad(farm, user);
      await flows(load);
      for (const place of farm.places) {
        expect(await place.leave()).toBe(0);
        await flows(load);
        await place.fill();
        // As an operator's tools do: the next one only when this one is at work again.
        await farm.found(place);
        await flows(load);
      }
      for (const client of load.idlers) expect(client.reconnects).toBeGreaterThan(0);
      const { failed, deferred } = await load.settle();
      expect({ failed, deferred }).toEqual({ failed: [], deferred: [] });
    });
  });
}
