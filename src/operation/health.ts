import { statfs } from "node:fs/promises";
import type { ShardStats } from "../actors/account/shard-wire.ts";
import type { HealthDetails, PartHealth } from "../protocols/http/services.ts";
import type { Protocol } from "../protocols/services.ts";
import type { Hints } from "../store/hints.ts";

/** What health is judged by. */
export type HealthParts = {
  readonly node: string;
  readonly kind: "embedded" | "mongodb";
  readonly data: string;
  readonly queueLimit: number;
  /** One round trip to the database; throws where it is away. */
  readonly askDatabase: () => Promise<unknown>;
  /** null: the process stands in Redis's place. */
  readonly hints: Hints | null;
  readonly stats: () => Promise<ShardStats>;
  readonly connections: () => Partial<Record<Protocol, number>>;
  /** Seconds since the process started. */
  readonly uptime: () => number;
  readonly monotonic: () => number;
};

/** Bytes below which an operator should be told. */
const littleSpace = 512 * 1024 * 1024;
const patience = 3000;

/** Looks at every part of the node now. */
export async function readHealth(parts: HealthParts): Promise<HealthDetails> {
  const [database, redis, stats, storage] = await Promise.all([
    time(parts, parts.askDatabase),
    parts.hints ? time(parts, () => parts.hints!.ping()) : null,
    withPatience(parts.stats()).catch(() => null),
    storageOf(parts.data),
  ]);
  const notes: string[] = [];
  if (!database.ok) notes.push("The database does not answer: changes are refused until it does.");
  if (redis && !redis.ok) {
    notes.push(
      "Redis does not answer: pushes between nodes come by polling; sessions and limits are this node's alone.",
    );
  }
  if (storage.free !== null && storage.free < littleSpace) notes.push("The disk is nearly full.");
  if (stats && stats.waiting > parts.queueLimit / 2) notes.push("Many changes are waiting for their mailboxes.");
  const status = !database.ok || !stats ? "down" : notes.length > 0 ? "degraded" : "ok";
  return {
    status,
    node: parts.node,
    uptime: Math.round(parts.uptime()),
    connections: parts.connections(),
    database: { kind: parts.kind, ...database },
    redis,
    queues: { waiting: stats?.waiting ?? 0, limit: parts.queueLimit, activeAccounts: stats?.actors ?? 0 },
    storage,
    notes,
  };
}

async function time({ monotonic }: HealthParts, ask: () => Promise<unknown>): Promise<PartHealth> {
  const begun = monotonic();
  try {
    await withPatience(ask());
    return { ok: true, latency: Math.round((monotonic() - begun) * 100) / 100 };
  } catch {
    return { ok: false, latency: null, error: "no answer" };
  }
}

function withPatience<T>(work: Promise<T>): Promise<T> {
  let cancel: () => void = () => {};
  const tooLong = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), patience);
    cancel = () => clearTimeout(timer);
  });
  return Promise.race([work, tooLong]).finally(() => cancel());
}

async function storageOf(directory: string): Promise<HealthDetails["storage"]> {
  try {
    const { bsize, bavail, blocks } = await statfs(directory);
    return { used: (blocks - bavail) * bsize, free: bavail * bsize };
  } catch {
    return { used: null, free: null };
  }
}
