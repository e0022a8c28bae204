import { startIdleClients } from "../load/idle-clients.ts";
import { proportionalSize, settledSize } from "../load/memory.ts";
import { workload } from "../workload.ts";

/** As many sessions as one process may have files open, from clients in processes of their own. */
export const idleMany = workload({
  name: "idle-many",
  title: "{sessions} idle sessions in one process",
  only: ["eider"],
  rounds: 1,
  sizes: {
    sessions: { full: 15_000, quick: 600 },
    earlier: { full: 4000, quick: 200 },
    clients: { full: 3, quick: 2 },
    users: { full: 500, quick: 50 },
  },
  figures: {
    held: { what: "sessions that idle at once", unit: "", better: "more" },
    memory: { what: "memory of each, plain", unit: "kB", better: "less", aim: { value: 6 } },
    begun: { what: "logged in, selected and idling, a second", unit: "/s", better: "more" },
    heard: { what: "one delivery to each user: the last session hears", unit: "ms", better: "less" },
  },
  async prepare({ server, sizes }) {
    for (let at = 0; at < sizes.users; at++) await server.user(`crowd${at}`);
  },
  async run({ server, sizes }) {
    // A process of its own, so that no earlier workload's sessions have made room already.
    await server.restart();
    const users = await Promise.all(Array.from({ length: sizes.users }, (_, at) => server.user(`crowd${at}`)));
    const of = (sessions: number, clients: number) =>
      startIdleClients({ ports: server.ports, users, sessions: Math.ceil(sessions / clients), clients });
    const earlier = await of(sizes.earlier, 1);
    await earlier.end();
    const before = await settledSize(server.pids);
    const crowd = await of(sizes.sessions, sizes.clients);
    try {
      await settledSize(server.pids);
      const memory = (proportionalSize(server.pids()) - before) / crowd.held / 1024;
      return { held: crowd.held, memory, begun: crowd.perSecond, heard: await crowd.deliver() };
    } finally {
      await crowd.end();
    }
  },
});
