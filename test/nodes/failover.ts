import { eventually } from "../eventually.ts";
import { CachedClient } from "./cached-client.ts";
import type { Cluster } from "./cluster.ts";
import { openFarm } from "./farm.ts";
import { Mta } from "./mta.ts";

/** Milliseconds from the node's death to the client's being synchronised elsewhere, one for each round. */
export type Failover = { readonly outages: readonly number[] };

/**
 * A client idles behind nginx (deploy/nginx.conf) on one of three nodes, in a mailbox of `messages` into which mail goes on
 * coming; its node is killed by SIGKILL. It sees its connection end, takes another through the balancer, logs in, and asks
 * by QRESYNC what it missed. Measured until it knows all of that, the new messages' bodies included. The node that takes
 * over may never have seen the account. Rounds one after the other; every killed node is replaced.
 */
export async function measureFailover(cluster: Cluster, rounds: number, messages: number): Promise<Failover> {
  const farm = await openFarm(cluster, 3);
  const user = "failover@localhost";
  await farm.http("POST", "/users", { username: user, password: "secret", allowUnsafe: true });
  const mta = new Mta(farm.ports.lmtp, (n) => ({ to: user, text: `m${n}` }));
  const client = new CachedClient(farm.ports.imap, user);
  const outages: number[] = [];
  try {
    while (mta.log.delivered.length < messages) await Bun.sleep(20);
    await client.sync();
    for (let round = 0; round < rounds; round++) {
      const over = Promise.withResolvers<void>();
      const before = client.reconnects;
      const idling = client.idle(over.promise);
      await eventually("the client idles", () => client.isIdle);
      const place = await eventually("the session is listed", async () => {
        // Records of nodes that were killed are there for a while.
        const at = await farm.whereabouts(user);
        return farm.places.find(({ node }) => node !== null && at.includes(node.pid));
      });
      const began = performance.now();
      const dying = place.die();
      // `idle` settles when the client is synchronised again after its connection ended.
      await idling;
      if (client.reconnects === before) throw new Error("the client did not notice that its node died");
      outages.push(performance.now() - began);
      over.resolve();
      await dying;
      await place.fill();
      await farm.found(place);
    }
  } finally {
    await mta.stop();
    client.close();
    await farm.close();
  }
  return { outages };
}
