import { Redis } from "ioredis";

export type LinkOptions = {
  readonly url: string;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** Called when the connection can be used (again), and when it cannot any more. */
  onUp(): void;
  onDown(): void;
};

/** How long Redis may take for a command before it counts as away, milliseconds. */
export const patience = 1_000;

/**
 * One connection to Redis that comes back by itself, at most a second after Redis does. Nothing waits for it: a command
 * while it is down fails at once, and none is sent a second time.
 */
export function openLink({ url, name, onUp, onDown }: LinkOptions): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    commandTimeout: patience,
    connectTimeout: 2_000,
    keepAlive: 5_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), 1_000),
  });
  // Every failure is seen by the call that met it or by `onDown`; unheard, this event would end the process.
  redis.on("error", () => {});
  redis.on("ready", onUp);
  redis.on("close", onDown);
  return redis;
}

const beingProbed = new WeakSet<Redis>();

/** Asks whether the connection is alive, and breaks it where it is not, so that it is made anew. */
export async function probe(redis: Redis): Promise<void> {
  if (redis.status !== "ready" || beingProbed.has(redis)) return;
  beingProbed.add(redis);
  try {
    await redis.ping();
  } catch {
    if (redis.status === "ready") redis.disconnect(true);
  } finally {
    beingProbed.delete(redis);
  }
}
