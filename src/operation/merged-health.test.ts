import { expect, test } from "bun:test";
import type { HealthDetails } from "../protocols/http/services.ts";
import { mergedHealth } from "./merged-health.ts";

const health = (pid: number, more: Partial<HealthDetails> = {}): HealthDetails => ({
  status: "ok",
  node: `host:${pid}`,
  uptime: pid,
  connections: { imap: 2, http: 1 },
  database: { kind: "mongodb", ok: true, latency: pid },
  redis: { ok: true, latency: 1 },
  queues: { waiting: 1, limit: 10, activeAccounts: 3 },
  storage: { used: 1, free: 2 },
  notes: [],
  ...more,
});
const reports = (...values: (HealthDetails | null)[]) =>
  values.map((value, at) => ({ process: at + 1, restarts: at, value }));

test("numbers are added up, the slowest part is shown, and each process beside it", () => {
  const [one, two] = [health(10), health(20)];
  expect(mergedHealth(reports(one, two), two)).toEqual({
    status: "ok",
    node: "host",
    uptime: 20,
    connections: { imap: 4, http: 2 },
    database: { kind: "mongodb", ok: true, latency: 20 },
    redis: { ok: true, latency: 1 },
    queues: { waiting: 2, limit: 10, activeAccounts: 6 },
    storage: { used: 1, free: 2 },
    notes: [],
    processes: [one, two].map(({ node, uptime, connections }, at) => ({
      ...{ process: at + 1, restarts: at, status: "ok", node, uptime, connections, activeAccounts: 3 },
    })),
  });
});

test("is degraded when one cannot serve or does not answer, down when none can", () => {
  const well = health(1);
  const down = health(2, {
    status: "down",
    database: { kind: "mongodb", ok: false, latency: null, error: "no answer" },
    notes: ["The database does not answer."],
  });
  const silent = mergedHealth(reports(well, null), well);
  expect([silent.status, silent.notes]).toEqual(["degraded", ["Process 2 does not answer."]]);
  expect(silent.processes?.[1]).toMatchObject({ status: "down", node: null, uptime: null });
  const one = mergedHealth(reports(well, down), well);
  expect([one.status, one.database.ok, one.notes]).toEqual(["degraded", false, ["The database does not answer."]]);
  expect(mergedHealth(reports(down, down), down).status).toBe("down");
  expect(mergedHealth(reports(down, null), down).status).toBe("down");
});

test("the embedded store has no Redis", () => {
  const alone = health(1, { redis: null });
  expect(mergedHealth(reports(alone, alone), alone).redis).toBeNull();
});
