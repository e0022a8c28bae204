import type { Clock } from "../../actors/runtime/clock.ts";
import { type Logger, silentLogger } from "../../operation/logger.ts";
import type { HintListener, Hints } from "../hints.ts";

type Expiring<T> = { readonly value: T; readonly expires: number };
type Counter = { count: number; readonly resets: number };

/** Expired things are looked for when so many were added since the last look; a look costs each of them once. */
const sweepAfter = 1_000;

/**
 * Hints within one process, for the embedded store: nothing is ever lost, so there is never a gap. A publication is
 * heard before `publish` returns; a listener's exception is logged and harms no other listener.
 */
export class LocalHints implements Hints {
  readonly healthy = true;
  readonly #clock: Pick<Clock, "now">;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Set<HintListener>>();
  readonly #records = new Map<string, Expiring<Readonly<Record<string, string>>>>();
  readonly #groups = new Map<string, Map<string, number>>();
  readonly #counters = new Map<string, Counter>();
  #added = 0;

  constructor(clock: Pick<Clock, "now">, logger: Logger = silentLogger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  publish(channel: string, payload: Uint8Array): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
      try {
        listener.heard(payload);
      } catch (error) {
        this.#logger.error({ err: error, channel }, "A listener of a hint failed");
      }
    }
  }

  subscribe(channel: string, listener: HintListener): () => void {
    // One subscription is one entry, even where a listener subscribes twice.
    const entry: HintListener = { heard: (payload) => listener.heard(payload), gap: () => listener.gap() };
    const known = this.#listeners.get(channel);
    if (known) known.add(entry);
    else this.#listeners.set(channel, new Set([entry]));
    return () => {
      const listeners = this.#listeners.get(channel);
      if (listeners?.delete(entry) && listeners.size === 0) this.#listeners.delete(channel);
    };
  }

  async put(key: string, value: Readonly<Record<string, string>>, ttl: number): Promise<void> {
    this.#sweepNowAndThen();
    this.#records.set(key, { value: { ...value }, expires: this.#clock.now() + ttl * 1000 });
  }

  async get(key: string): Promise<Readonly<Record<string, string>> | null> {
    const record = this.#records.get(key);
    return record && record.expires > this.#clock.now() ? { ...record.value } : null;
  }

  async remove(key: string): Promise<void> {
    this.#records.delete(key);
  }

  async list(prefix: string, limit: number) {
    const found: { key: string; value: Readonly<Record<string, string>> }[] = [];
    const now = this.#clock.now();
    for (const [key, { value, expires }] of this.#records) {
      if (found.length >= limit) break;
      if (expires > now && key.startsWith(prefix)) found.push({ key, value: { ...value } });
    }
    return found;
  }

  async join(group: string, member: string, ttl: number, limit: number): Promise<boolean> {
    this.#sweepNowAndThen();
    const now = this.#clock.now();
    const members = this.#groups.get(group) ?? new Map<string, number>();
    for (const [name, expires] of members) if (expires <= now) members.delete(name);
    const admitted = members.has(member) || members.size < limit;
    if (admitted) members.set(member, now + ttl * 1000);
    if (members.size > 0) this.#groups.set(group, members);
    else this.#groups.delete(group);
    return admitted;
  }

  async leave(group: string, member: string): Promise<void> {
    const members = this.#groups.get(group);
    if (members?.delete(member) && members.size === 0) this.#groups.delete(group);
  }

  async members(group: string): Promise<readonly string[]> {
    return [...(this.#groups.get(group)?.keys() ?? [])];
  }

  async count(key: string, by: number, window: number): Promise<{ count: number; resetIn: number }> {
    const now = this.#clock.now();
    let counter = this.#counters.get(key);
    if (!counter || counter.resets <= now) {
      if (by === 0) return { count: 0, resetIn: 0 };
      this.#sweepNowAndThen();
      counter = { count: 0, resets: now + window * 1000 };
      this.#counters.set(key, counter);
    }
    counter.count += by;
    return { count: counter.count, resetIn: Math.ceil((counter.resets - now) / 1000) };
  }

  async ping(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#records.clear();
    this.#groups.clear();
    this.#counters.clear();
  }

  /** Forgets what expired, so that names nobody asks for again do not pile up. */
  #sweepNowAndThen(): void {
    const size = this.#records.size + this.#groups.size + this.#counters.size;
    if (++this.#added < Math.max(sweepAfter, size)) return;
    this.#added = 0;
    const now = this.#clock.now();
    for (const [key, { expires }] of this.#records) if (expires <= now) this.#records.delete(key);
    for (const [key, { resets }] of this.#counters) if (resets <= now) this.#counters.delete(key);
    for (const [group, members] of this.#groups) {
      for (const [member, expires] of members) if (expires <= now) members.delete(member);
      if (members.size === 0) this.#groups.delete(group);
    }
  }
}
