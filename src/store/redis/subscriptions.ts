import type { Redis } from "ioredis";
import type { HintListener } from "../hints.ts";
import { type openLink, probe } from "./link.ts";

/** A subscription confirmed later than this after it was asked for may have missed something, milliseconds. */
const promptly = 500;
const channelsAtOnce = 1_000;

type Options = {
  readonly url: string;
  readonly prefix: string;
  readonly connect: typeof openLink;
  readonly monotonic: () => number;
  readonly heard: (channel: string, payload: Buffer) => void;
  /** What a listener threw. */
  readonly failed: (error: unknown, channel: string) => void;
};

/**
 * The channels this node listens to, on one connection. After a break all of them are asked for again, and every
 * listener hears `gap()` once they are confirmed; until then `inForce` is false.
 */
export class Subscriptions {
  readonly #options: Options;
  readonly #redis: Redis;
  readonly #listeners = new Map<string, Set<HintListener>>();
  #inForce = false;
  #everInForce = false;

  constructor(options: Options) {
    this.#options = options;
    this.#redis = options.connect({
      url: options.url,
      name: "eider-subscriber",
      onUp: () => void this.#resume(),
      onDown: () => {
        this.#inForce = false;
      },
    });
    this.#redis.on("messageBuffer", (channel: Buffer, payload: Buffer) => {
      options.heard(channel.toString().slice(options.prefix.length), payload);
    });
  }

  /** Whether nothing published is missed. */
  get inForce(): boolean {
    return this.#inForce;
  }

  async connect(): Promise<void> {
    await this.#redis.connect().catch(() => {});
  }

  add(channel: string, listener: HintListener): () => void {
    const entry: HintListener = { heard: (payload) => listener.heard(payload), gap: () => listener.gap() };
    const known = this.#listeners.get(channel);
    if (known) known.add(entry);
    else {
      this.#listeners.set(channel, new Set([entry]));
      if (this.#inForce) void this.#ask(channel);
    }
    return () => {
      const listeners = this.#listeners.get(channel);
      if (!listeners?.delete(entry) || listeners.size > 0) return;
      this.#listeners.delete(channel);
      if (this.#redis.status === "ready") this.#redis.unsubscribe(this.#options.prefix + channel).catch(() => {});
    };
  }

  probe = () => probe(this.#redis);

  close(): void {
    this.#inForce = false;
    this.#listeners.clear();
    this.#redis.disconnect();
  }

  async #ask(channel: string): Promise<void> {
    const asked = this.#options.monotonic();
    try {
      await this.#redis.subscribe(this.#options.prefix + channel);
      if (this.#options.monotonic() - asked > promptly) this.#tellGap(channel);
    } catch {
      // Down, and then `#resume` asks again; or not answering: made anew.
      if (this.#redis.status === "ready") this.#redis.disconnect(true);
    }
  }

  async #resume(): Promise<void> {
    const { prefix } = this.#options;
    // Channels that come while these are being asked for are in a later round.
    const asked = new Set<string>();
    try {
      for (;;) {
        const missing = [...this.#listeners.keys()].filter((channel) => !asked.has(channel)).slice(0, channelsAtOnce);
        if (missing.length === 0) break;
        for (const channel of missing) asked.add(channel);
        await this.#redis.subscribe(...missing.map((channel) => prefix + channel));
      }
      if (this.#redis.status !== "ready") return;
    } catch {
      if (this.#redis.status === "ready") this.#redis.disconnect(true);
      return;
    }
    this.#inForce = true;
    if (this.#everInForce) for (const channel of [...this.#listeners.keys()]) this.#tellGap(channel);
    this.#everInForce = true;
  }

  #tellGap(channel: string): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
      try {
        listener.gap();
      } catch (error) {
        this.#options.failed(error, channel);
      }
    }
  }
}
