/**
 * What makes things quick or visible but is never the truth: losing all of it costs time, not mail. With the real one
 * away, calls answer as if nobody had said anything, and `healthy` is false.
 */
export interface Hints {
  /** Tells every subscriber on every node, this one included; may be lost, come twice, or behind what was published later. */
  publish(channel: string, payload: Uint8Array): void;
  /** The listener also hears `gap()` after a break in the subscription, when messages may have been missed. */
  subscribe(channel: string, listener: HintListener): () => void;

  /** A small record that disappears after `ttl` seconds unless it is put again. */
  put(key: string, value: Readonly<Record<string, string>>, ttl: number): Promise<void>;
  get(key: string): Promise<Readonly<Record<string, string>> | null>;
  remove(key: string): Promise<void>;
  /** Keys that begin with `prefix`, and their records; at most `limit`. */
  list(prefix: string, limit: number): Promise<readonly { key: string; value: Readonly<Record<string, string>> }[]>;

  /** Members that expire one by one: connections of a user, by node. Adds unless `limit` living members are there. */
  join(group: string, member: string, ttl: number, limit: number): Promise<boolean>;
  leave(group: string, member: string): Promise<void>;
  /** Its members; some that have expired just now may be among them. */
  members(group: string): Promise<readonly string[]>;

  /**
   * Adds to a counter that starts over `window` seconds after its first count; answers the new sum and the seconds left.
   * To add 0 is to read: a counter that is not there is not made, and answers 0 of both.
   */
  count(key: string, by: number, window: number): Promise<{ count: number; resetIn: number }>;

  /** False while the real one is away (the per-node fallback answers then). */
  readonly healthy: boolean;
  /** Round trip in milliseconds; throws where it is away. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

export interface HintListener {
  heard(payload: Uint8Array): void;
  gap(): void;
}
