import { z } from "zod";
import { isLoopback } from "../../plaintext.ts";
import type { Call } from "../operation.ts";
import { operation } from "../operation.ts";
import type { AllServices, HealthDetails } from "../services.ts";

const tag = "Health";

const summary = z.object({ status: z.string(), timestamp: z.string(), version: z.string() });

export const getHealth = operation({
  method: "GET",
  path: "/health",
  id: "getHealth",
  tag,
  summary: "Whether this node serves mail: 200 or 503",
  access: "anyone",
  params: {},
  answer: summary,
  async run(_, { services }) {
    const { status } = await recentHealth(services);
    const facts = { status, timestamp: now(services), version: services.version };
    if (status !== "down") return facts;
    const message = "This node cannot serve mail; /health/details says why";
    return Response.json({ success: false, ...facts, message }, { status: 503, headers: { "Retry-After": "5" } });
  },
});

const part = z.object({ ok: z.boolean(), latency: z.number().nullable(), error: z.string().optional() });

export const getHealthDetails = operation({
  method: "GET",
  path: "/health/details",
  id: "getHealthDetails",
  tag,
  summary: "Every part of this node: connections, latencies, queues, storage",
  access: { may: "read", what: "health", whose: "any" },
  params: {},
  answer: summary.extend({
    node: z.string(),
    uptime: z.number(),
    connections: z.record(z.string(), z.number()),
    database: part.extend({ kind: z.string() }),
    redis: part.nullable(),
    queues: z.object({ waiting: z.number(), limit: z.number(), activeAccounts: z.number().optional() }),
    storage: z.object({ used: z.number().nullable(), free: z.number().nullable() }),
    notes: z.array(z.string()),
    processes: z
      .array(
        z.object({
          process: z.number(),
          restarts: z.number(),
          status: z.string(),
          node: z.string().nullable(),
          uptime: z.number().nullable(),
          connections: z.record(z.string(), z.number()),
          activeAccounts: z.number(),
        }),
      )
      .optional(),
  }),
  async run(_, { services }) {
    const details = await services.health();
    const facts = { timestamp: now(services), version: services.version, ...details };
    if (details.status !== "down") return Response.json({ success: true, ...facts });
    return Response.json({ success: false, ...facts }, { status: 503 });
  },
});

export const getReady = operation({
  method: "GET",
  path: "/ready",
  id: "getReady",
  tag,
  summary: "Whether a balancer should send this node new connections: 200 or 503",
  access: "anyone",
  params: {},
  answer: z.object({ ready: z.boolean() }),
  async run(_, { services }) {
    if (services.ready()) return { ready: true };
    return Response.json({ success: false, ready: false }, { status: 503, headers: { "Retry-After": "1" } });
  },
});

export const getMetrics = operation({
  method: "GET",
  path: "/metrics",
  id: "getMetrics",
  tag,
  summary: "Counters and durations for Prometheus",
  access: { may: "read", what: "metrics", whose: "any" },
  admits: ({ options, peer, forwarded, foreign }) =>
    options.openMetricsOnLoopback && !forwarded && !foreign && isLoopback(peer),
  params: {},
  answer: { type: "text/plain", description: "Prometheus text format, version 0.0.4" },
  async run(_, { services }: Call) {
    const text = await services.metricsText();
    return new Response(text, { headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" } });
  },
});

const now = (services: AllServices) => new Date(services.clock.now()).toISOString();

const freshFor = 1000; // milliseconds: anyone may ask, so asking often must not load the database
const looked = new WeakMap<AllServices, { at: number; details: Promise<HealthDetails> }>();

function recentHealth(services: AllServices): Promise<HealthDetails> {
  const last = looked.get(services);
  const at = services.clock.monotonic();
  if (last && at - last.at < freshFor) return last.details;
  const details = services.health();
  looked.set(services, { at, details });
  return details;
}
