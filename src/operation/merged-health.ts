import type { HealthDetails, PartHealth } from "../protocols/http/services.ts";
import type { Report } from "./siblings.ts";

/**
 * The health of several processes as one node's: numbers added up, the worst of each part, and every process's own
 * beside it. The node is down when none of its processes can serve mail, degraded when one cannot or does not answer.
 * `answering` is the process that was asked.
 */
export function mergedHealth(reports: readonly Report<"health">[], answering: HealthDetails): HealthDetails {
  const told = reports.flatMap(({ value }) => (value ? [value] : []));
  const all = told.length > 0 ? told : [answering];
  const silent = reports.filter(({ value }) => value === null);
  const notes = [
    ...silent.map(({ process }) => `Process ${process} does not answer.`),
    ...new Set(all.flatMap((each) => each.notes)),
  ];
  const connections: Record<string, number> = {};
  for (const each of all) {
    for (const [protocol, count] of Object.entries(each.connections)) {
      connections[protocol] = (connections[protocol] ?? 0) + count;
    }
  }
  const sum = (read: (each: HealthDetails) => number) => all.reduce((total, each) => total + read(each), 0);
  const allWell = silent.length === 0 && all.every(({ status }) => status === "ok");
  return {
    status: all.every(({ status }) => status === "down") ? "down" : allWell ? "ok" : "degraded",
    node: answering.node.split(":")[0]!,
    uptime: Math.max(...all.map(({ uptime }) => uptime)),
    connections,
    database: { ...answering.database, ...worst(all.map(({ database }) => database)) },
    redis: answering.redis && worst(all.flatMap(({ redis }) => (redis ? [redis] : []))),
    queues: {
      waiting: sum(({ queues }) => queues.waiting),
      limit: answering.queues.limit,
      activeAccounts: sum(({ queues }) => queues.activeAccounts ?? 0),
    },
    storage: answering.storage,
    notes,
    processes: reports.map(({ process, restarts, value }) => ({
      process,
      restarts,
      status: value?.status ?? "down",
      node: value?.node ?? null,
      uptime: value?.uptime ?? null,
      connections: value?.connections ?? {},
      activeAccounts: value?.queues.activeAccounts ?? 0,
    })),
  };
}

/** One that does not answer, else the slowest. */
function worst(parts: readonly PartHealth[]): PartHealth {
  const away = parts.find(({ ok }) => !ok);
  const { ok, latency, error } = away ?? parts.toSorted((a, b) => (b.latency ?? 0) - (a.latency ?? 0))[0]!;
  return error === undefined ? { ok, latency } : { ok, latency, error };
}
