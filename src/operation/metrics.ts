import { Counter, Gauge, type Metric, Registry } from "prom-client";
import type { Metrics, PressureReason, Protocol } from "../protocols/services.ts";
import { DurationHistogram, type DurationSeries } from "./duration-histogram.ts";
import { registerProcessMetrics } from "./process-metrics.ts";

/**
 * What the server counts, and how Prometheus sees it. `wildduck_active_sessions_total` and
 * `wildduck_request_duration_seconds` have those names for the dashboards that know them; all others begin with
 * `eider_`. Counting costs a look-up and an addition; prom-client works only when somebody reads.
 */
export class PrometheusMetrics implements Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #durations = new DurationHistogram(
    "wildduck_request_duration_seconds",
    "Time from a command's last byte to its reply.",
  );
  readonly #commands = new Map<string, CommandCounts>();
  readonly #commandNames = new Map<Protocol, number>();
  readonly #active: Record<Protocol, number> = { imap: 0, pop3: 0, lmtp: 0, http: 0 };
  readonly #connections: Record<Protocol, number> = { imap: 0, pop3: 0, lmtp: 0, http: 0 };
  readonly #logins = new Map<string, { protocol: Protocol; result: string; count: number }>();
  readonly #received = new Map<string, { messages: number; bytes: number }>();

  readonly #refused = new Map<string, { protocol: Protocol; reason: PressureReason; count: number }>();

  constructor(version: string) {
    this.#registry.registerMetric(this.#durations as unknown as Metric);
    this.#registerCounts();
    registerProcessMetrics(this.#registry, version);
  }

  command(protocol: Protocol, command: string, result: "ok" | "no" | "bad" | "error", seconds: number): void {
    const key = `${protocol} ${command}`;
    const counts = this.#commands.get(key) ?? this.#countsFor(protocol, command, key);
    counts[result] += 1;
    counts.durations.observe(seconds);
  }

  connected(protocol: Protocol): void {
    this.#active[protocol] += 1;
    this.#connections[protocol] += 1;
  }

  disconnected(protocol: Protocol): void {
    this.#active[protocol] -= 1;
  }

  login(protocol: Protocol, result: "ok" | "failed" | "limited"): void {
    const key = `${protocol} ${result}`;
    const counted = this.#logins.get(key);
    if (counted) counted.count += 1;
    else this.#logins.set(key, { protocol, result, count: 1 });
  }

  received(bytes: number, result: "stored" | "repeated" | "refused" | "deferred"): void {
    const counted = this.#received.get(result);
    if (!counted) this.#received.set(result, { messages: 1, bytes });
    else {
      counted.messages += 1;
      counted.bytes += bytes;
    }
  }

  refused(protocol: Protocol, reason: PressureReason): void {
    const key = `${protocol} ${reason}`;
    const counted = this.#refused.get(key);
    if (counted) counted.count += 1;
    else this.#refused.set(key, { protocol, reason, count: 1 });
  }

  /** A value that is asked for at each reading: `read` answers it, or one for each value of `label`. */
  gauge(name: `eider_${string}`, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        this.set(await read());
      },
    });
  }

  /** The text that `GET /metrics` answers, of type `contentType`. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }

  #countsFor(protocol: Protocol, command: string, key: string): CommandCounts {
    const known = this.#commandNames.get(protocol) ?? 0;
    // What a client may send as a command is not bounded; what Prometheus keeps must be.
    const name = known < maxCommandNames && commandShape.test(command) ? command : "other";
    const existing = this.#commands.get(`${protocol} ${name}`);
    if (existing) return existing;
    const labels = { protocol, command: name };
    const counts = { labels, ok: 0, no: 0, bad: 0, error: 0, durations: this.#durations.series(labels) };
    this.#commandNames.set(protocol, known + 1);
    this.#commands.set(name === "other" ? `${protocol} other` : key, counts);
    return counts;
  }

  #registerCounts(): void {
    const registers = [this.#registry];
    const [active, connections] = [this.#active, this.#connections];
    const [commands, logins, received] = [this.#commands, this.#logins, this.#received];
    const refused = this.#refused;
    new Gauge({
      name: "wildduck_active_sessions_total",
      help: "Connections that are open.",
      labelNames: ["protocol"],
      registers,
      collect() {
        for (const [protocol, count] of Object.entries(active)) this.set({ protocol }, count);
      },
    });
    counter("eider_connections_total", "Connections taken.", ["protocol"], (add) => {
      for (const [protocol, count] of Object.entries(connections)) add({ protocol }, count);
    });
    counter("eider_commands_total", "Commands answered.", ["protocol", "command", "result"], (add) => {
      for (const { labels, ...counts } of commands.values()) {
        for (const result of ["ok", "no", "bad", "error"] as const) {
          if (counts[result] > 0) add({ ...labels, result }, counts[result]);
        }
      }
    });
    counter("eider_logins_total", "Logins tried.", ["protocol", "result"], (add) => {
      for (const { protocol, result, count } of logins.values()) add({ protocol, result }, count);
    });
    counter(
      "eider_received_messages_total",
      "Messages offered for delivery, one for each recipient.",
      ["result"],
      (add) => {
        for (const [result, { messages }] of received) add({ result }, messages);
      },
    );
    counter("eider_received_bytes_total", "Bytes of those messages.", ["result"], (add) => {
      for (const [result, { bytes }] of received) add({ result }, bytes);
    });
    counter("eider_refused_total", "What was put off because of too much load.", ["protocol", "reason"], (add) => {
      for (const { protocol, reason, count } of refused.values()) add({ protocol, reason }, count);
    });

    type Add = (labels: Record<string, string>, count: number) => void;
    function counter(name: string, help: string, labelNames: string[], tell: (add: Add) => void): void {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          tell((labels, count) => this.inc(labels, count));
        },
      });
    }
  }
}

type CommandCounts = {
  readonly labels: { protocol: string; command: string };
  ok: number;
  no: number;
  bad: number;
  error: number;
  readonly durations: DurationSeries;
};

const maxCommandNames = 100;
const commandShape = /^[A-Za-z0-9 _./:-]{1,60}$/;
