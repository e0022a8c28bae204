import { cpuSeconds } from "../load/cpu-time.ts";
import { deliveryRate } from "../load/delivery-rate.ts";
import { workload } from "../workload.ts";

/**
 * Deliveries on MongoDB's wire: every server on the same engine, each with a database of its own in it and a counter of commands before
 * it. Figures of time are mostly the engine's; round trips and the CPU time of a server's own process are not.
 */
export const deliverMongodb = workload({
  name: "deliver-mongodb",
  title: "Deliveries of 4 kB on MongoDB's wire, the same engine below each",
  setting: "mongodb",
  sizes: {
    warm: { full: 300, quick: 60, slow: 30 },
    one: { full: 150, quick: 40, slow: 40 },
    ten: { full: 1000, quick: 200, slow: 100 },
    fifty: { full: 2500, quick: 500, slow: 200 },
  },
  figures: {
    one: { what: "1 connection", unit: "/s", better: "more", aim: { wildduck: 5 } },
    ten: { what: "10 connections", unit: "/s", better: "more", aim: { wildduck: 5 } },
    fifty: { what: "50 connections", unit: "/s", better: "more", aim: { wildduck: 5 } },
    tripsOne: { what: "round trips of a delivery, 1 connection", unit: "", better: "less", aim: { wildduck: 5 } },
    tripsTen: { what: "round trips of a delivery, 10 connections", unit: "", better: "less", aim: { wildduck: 5 } },
    tripsFifty: { what: "round trips of a delivery, 50 connections", unit: "", better: "less", aim: { wildduck: 5 } },
    cpu: { what: "CPU time of the server for a delivery", unit: "ms", better: "less", aim: { wildduck: 5 } },
  },
  async prepare({ server, sizes }) {
    await deliveryRate(server, ["warm"], 10, sizes.warm);
  },
  async run({ server, round, sizes }) {
    const values: Record<string, number> = {};
    for (const [name, trips, connections] of cases) {
      // The user is made before the counting begins.
      await server.user(`${name}${round}`);
      const [before, cpuBefore] = [server.roundTrips!(), cpuSeconds(server.pids())];
      values[name] = await deliveryRate(server, [`${name}${round}`], connections, sizes[name]);
      values[trips] = (server.roundTrips!() - before) / sizes[name];
      if (name === "fifty") values.cpu = ((cpuSeconds(server.pids()) - cpuBefore) * 1000) / sizes[name];
    }
    return values;
  },
});

const cases = [
  ["one", "tripsOne", 1],
  ["ten", "tripsTen", 10],
  ["fifty", "tripsFifty", 50],
] as const;
