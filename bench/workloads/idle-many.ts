import { startIdleClients } from "../load/idle-clients.ts";
import { settledSize } from "../load/memory.ts";
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
    before: { what: "the whole server before they come", unit: "MB", better: "less" },
    whole: { what: "the whole server with all of them", unit: "MB", better: "less" },
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
    const { ports } = server;
    const earlier = await startIdleClients({ ports, users, sessions: sizes.earlier, clients: 1, passing: true });
    await earlier.end();
    const before = await settledSize(server.pids);
    const { clients } = sizes;
    const crowd = await startIdleClients({ ports, users, sessions: Math.ceil(sizes.sessions / clients), clients });
    try {
      const whole = await settledSize(server.pids);
      const memory = (whole - before) / crowd.held / 1024;
      const megabytes = { before: before / 2 ** 20, whole: whole / 2 ** 20 };
      return { held: crowd.held, ...megabytes, memory, begun: crowd.perSecond, heard: await crowd.deliver() };
    } finally {
      await crowd.end();
    }
  },
});
