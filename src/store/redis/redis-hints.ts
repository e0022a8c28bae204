import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { type Logger, silentLogger } from "../../operation/logger.ts";
import type { HintListener, Hints } from "../hints.ts";
import { LocalHints } from "../local/hints.ts";
import { openLink, patience, probe } from "./link.ts";
import { countScript, joinScript } from "./scripts.ts";
import { Subscriptions } from "./subscriptions.ts";

export type RedisHintsOptions = {
  readonly url: string;
  readonly clock: { now(): number; monotonic(): number; after(ms: number, run: () => void): () => void };
  readonly logger?: Logger;
  /** Before every key and channel: for several servers (or tests) on one Redis. */
  readonly prefix?: string;
  /** How connections are made, and 8 octets that no other node has; given by simulation only. */
  readonly connect?: typeof openLink;
  readonly origin?: Uint8Array;
};

type Fields = Readonly<Record<string, string>>;
const probeEvery = 5_000;
const publicationsInFlight = 10_000;
const scanAtOnce = 1_000;
/** Redis keeps no hash without fields. */
const noFields = { "": "" };

/**
 * Hints in Redis, with this node's own (`LocalHints`) behind them: what this node says is heard at once by its own
 * listeners and, through Redis, by the others'; what it puts and joins it also remembers itself, so that with Redis away
 * its own sessions and limits are still there. Every call answers within about a second, whatever Redis does.
 */
export class RedisHints implements Hints {
  readonly #clock: RedisHintsOptions["clock"];
  readonly #logger: Logger;
  readonly #prefix: string;
  readonly #local: LocalHints;
  readonly #commands: Redis;
  readonly #subscriptions: Subscriptions;
  /** Begins every publication of this node, which has heard it already. */
  readonly #origin: Uint8Array;
  #up = false;
  #closed = false;
  #publishing = 0;
  /** By channel. */
  readonly #untold = new Map<string, Publication>();
  #said = 0;
  #stopProbing = () => {};

  /** Waits for Redis a moment at most: without it, hints are this node's alone until it comes. */
  static async open(options: RedisHintsOptions): Promise<RedisHints> {
    const hints = new RedisHints(options);
    await Promise.race([
      Promise.all([hints.#commands.connect().catch(() => {}), hints.#subscriptions.connect()]),
      new Promise<void>((resolve) => void options.clock.after(3 * patience, resolve)),
    ]);
    if (!hints.healthy) hints.#logger.warn({}, "Redis is away: hints are this node's alone");
    return hints;
  }

  private constructor(options: RedisHintsOptions) {
    const { url, clock, logger = silentLogger, prefix = "", connect = openLink, origin = randomBytes(8) } = options;
    this.#origin = origin;
    this.#clock = clock;
    this.#logger = logger;
    this.#prefix = prefix;
    this.#local = new LocalHints(clock, logger);
    this.#commands = connect({
      url,
      name: "eider",
      onUp: () => {
        this.#up = true;
        this.#logger.info({}, "Redis is there");
        this.#tellUntold();
      },
      onDown: () => {
        if (this.#up && !this.#closed) this.#logger.warn({}, "Redis is away: hints are this node's alone");
        this.#up = false;
      },
    });
    this.#subscriptions = new Subscriptions({
      url,
      prefix,
      connect,
      monotonic: () => clock.monotonic(),
      heard: (channel, payload) => this.#heard(channel, payload),
      failed: (error, channel) => this.#logger.error({ err: error, channel }, "A listener of a gap failed"),
    });
    this.#probeLater();
  }

  get healthy(): boolean {
    return this.#up && this.#commands.status === "ready" && this.#subscriptions.inForce;
  }

  publish(channel: string, payload: Uint8Array): void {
    this.#local.publish(channel, payload);
    this.#tell(channel, payload);
  }

  #tell(channel: string, payload: Uint8Array): void {
    const number = ++this.#said;
    this.#untold.delete(channel);
    if (!this.#up || this.#publishing >= publicationsInFlight) return this.#keepUntold(channel, { number, payload });
    this.#publishing++;
    this.#commands.publish(this.#prefix + channel, Buffer.concat([this.#origin, payload])).then(
      () => void this.#publishing--,
      () => {
        this.#publishing--;
        this.#keepUntold(channel, { number, payload });
      },
    );
  }

  /** The last of a channel that did not get out is told again when Redis is there: others know of no gap. */
  #keepUntold(channel: string, publication: Publication): void {
    const { number } = this.#untold.get(channel) ?? { number: 0 };
    if (publication.number < number || this.#untold.size >= mostUntold) return;
    this.#untold.set(channel, publication);
  }

  #tellUntold(): void {
    for (const [channel, { payload }] of [...this.#untold]) this.#tell(channel, payload);
  }

  subscribe(channel: string, listener: HintListener): () => void {
    const leaveLocal = this.#local.subscribe(channel, listener);
    const leave = this.#subscriptions.add(channel, listener);
    return () => {
      leaveLocal();
      leave();
    };
  }

  async put(key: string, value: Fields, ttl: number): Promise<void> {
    await this.#local.put(key, value, ttl);
    const name = this.#prefix + key;
    const fields = Object.keys(value).length > 0 ? value : noFields;
    await this.#asked(
      () => this.#commands.multi().del(name).hset(name, fields).pexpire(name, milliseconds(ttl)).exec(),
      async () => null,
    );
  }

  get(key: string): Promise<Fields | null> {
    return this.#asked(
      async () => recordOf(await this.#commands.hgetall(this.#prefix + key)),
      () => this.#local.get(key),
    );
  }

  async remove(key: string): Promise<void> {
    await this.#local.remove(key);
    await this.#asked(
      () => this.#commands.del(this.#prefix + key),
      async () => 0,
    );
  }

  list(prefix: string, limit: number): Promise<readonly { key: string; value: Fields }[]> {
    return this.#asked(
      () => this.#scan(prefix, limit),
      () => this.#local.list(prefix, limit),
    );
  }

  async join(group: string, member: string, ttl: number, limit: number): Promise<boolean> {
    return await this.#asked(
      async () => {
        const key = `${this.#prefix}group:${group}`;
        const admitted = (await this.#commands.eval(joinScript, 1, key, member, milliseconds(ttl), limit)) === 1;
        if (admitted) await this.#local.join(group, member, ttl, Number.POSITIVE_INFINITY);
        return admitted;
      },
      () => this.#local.join(group, member, ttl, limit),
    );
  }

  async leave(group: string, member: string): Promise<void> {
    await this.#local.leave(group, member);
    await this.#asked(
      () => this.#commands.zrem(`${this.#prefix}group:${group}`, member),
      async () => 0,
    );
  }

  members(group: string): Promise<readonly string[]> {
    return this.#asked(
      () => this.#commands.zrange(`${this.#prefix}group:${group}`, "0", "-1"),
      () => this.#local.members(group),
    );
  }

  count(key: string, by: number, window: number): Promise<{ count: number; resetIn: number }> {
    return this.#asked(
      async () => {
        const name = `${this.#prefix}count:${key}`;
        const [count, left] = (await this.#commands.eval(countScript, 1, name, by, milliseconds(window))) as [
          number,
          number,
        ];
        return { count, resetIn: Math.ceil(left / 1000) };
      },
      () => this.#local.count(key, by, window),
    );
  }

  async ping(): Promise<number> {
    const began = performance.now();
    await this.#commands.ping();
    return performance.now() - began;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopProbing();
    this.#subscriptions.close();
    this.#commands.disconnect();
    await this.#local.close();
  }

  /** Redis's answer, or what this node knows itself where Redis gives none. */
  async #asked<T>(redis: () => Promise<T>, local: () => Promise<T>): Promise<T> {
    if (!this.#up) return await local();
    try {
      return await redis();
    } catch (error) {
      this.#logger.debug({ err: error }, "Redis did not answer");
      this.#probe();
      return await local();
    }
  }

  async #scan(prefix: string, limit: number) {
    const pattern = `${globEscaped(this.#prefix + prefix)}*`;
    const found = new Map<string, Fields>();
    let cursor = "0";
    do {
      const [next, names] = await this.#commands.scan(cursor, "MATCH", pattern, "COUNT", scanAtOnce, "TYPE", "hash");
      cursor = next;
      // A scan may name a key twice.
      const fresh = [...new Set(names)].filter((name) => !found.has(name)).slice(0, limit - found.size);
      const records = await Promise.all(fresh.map((name) => this.#commands.hgetall(name)));
      for (const [at, name] of fresh.entries()) {
        const record = recordOf(records[at]!);
        if (record) found.set(name, record);
      }
    } while (cursor !== "0" && found.size < limit);
    return [...found].map(([name, value]) => ({ key: name.slice(this.#prefix.length), value }));
  }

  #heard(channel: string, payload: Buffer): void {
    if (payload.length < this.#origin.length) return;
    if (payload.subarray(0, this.#origin.length).equals(this.#origin)) return;
    this.#local.publish(channel, new Uint8Array(payload.subarray(this.#origin.length)));
  }

  #probeLater(): void {
    this.#stopProbing = this.#clock.after(probeEvery, () => {
      this.#probe();
      if (!this.#closed) this.#probeLater();
    });
  }

  /** A peer that vanished without closing is only noticed by asking. */
  #probe(): void {
    void probe(this.#commands);
    void this.#subscriptions.probe();
  }
}

/** `number`: how many were there before it. */
type Publication = { readonly number: number; readonly payload: Uint8Array };

/** Channels of which something is untold; what is beyond that is found by polling. */
const mostUntold = 10_000;
const milliseconds = (seconds: number) => Math.max(1, Math.round(seconds * 1000));

function recordOf(fields: Record<string, string>): Fields | null {
  const { "": _, ...named } = fields;
  return Object.keys(fields).length > 0 ? named : null;
}

/** SCAN's MATCH takes a glob pattern; a key is meant as it is. */
const globEscaped = (text: string) => text.replace(/[\\*?[\]]/g, "\\$&");
