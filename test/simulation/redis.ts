import type { Redis } from "ioredis";
import { type LinkOptions, type openLink, patience } from "../../src/store/redis/link.ts";
import { countScript, joinScript } from "../../src/store/redis/scripts.ts";
import { type Route, Stream } from "./network.ts";
import type { Life, World } from "./world.ts";

type Value =
  | { kind: "hash"; fields: Record<string, string>; expires: number }
  | { kind: "group"; members: Map<string, number>; expires: number }
  | { kind: "count"; count: number; expires: number };

/** What may happen to a publication, besides being heard: probabilities. */
export type RedisFaults = { lost: number; twice: number; late: number };

/** As much of Redis as the hints rely on, in memory. */
export class RedisServer {
  readonly #world: World;
  readonly #keys = new Map<string, Value>();
  readonly #connections = new Set<RedisConnection>();
  readonly faults: RedisFaults = { lost: 0, twice: 0, late: 0 };
  away = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Everything is forgotten, and nobody is connected any more. */
  goAway(): void {
    this.away = true;
    this.#keys.clear();
    for (const connection of [...this.#connections]) connection.broken();
  }

  /** One connection that listens is closed; the others stay. */
  breakSubscription(): void {
    const listening = [...this.#connections].filter(({ channels }) => channels.size > 0);
    if (listening.length > 0) this.#world.random.pick(listening).broken();
  }

  comeBack(): void {
    this.away = false;
  }

  joined(connection: RedisConnection): void {
    this.#connections.add(connection);
  }

  left(connection: RedisConnection): void {
    this.#connections.delete(connection);
  }

  publish(channel: string, payload: Buffer): number {
    const { random } = this.#world;
    let heard = 0;
    for (const connection of this.#connections) {
      if (!connection.channels.has(channel)) continue;
      heard++;
      if (random.chance(this.faults.lost)) continue;
      connection.push(channel, payload, random.chance(this.faults.late) ? random.wait(300) : null);
      if (random.chance(this.faults.twice)) connection.push(channel, payload, random.wait(500));
    }
    return heard;
  }

  #get<K extends Value["kind"]>(key: string, kind: K): Extract<Value, { kind: K }> | undefined {
    const value = this.#keys.get(key);
    if (!value) return undefined;
    if (value.expires <= this.#world.time) this.#keys.delete(key);
    else if (value.kind === kind) return value as Extract<Value, { kind: K }>;
    return undefined;
  }

  put(key: string, fields: Record<string, string>, ttl: number): void {
    this.#keys.set(key, { kind: "hash", fields: { ...fields }, expires: this.#world.time + ttl });
  }

  hash(key: string): Record<string, string> {
    return { ...this.#get(key, "hash")?.fields };
  }

  remove(...keys: string[]): number {
    return keys.filter((key) => this.#keys.delete(key)).length;
  }

  scan(prefix: string): string[] {
    return [...this.#keys.keys()].filter((key) => key.startsWith(prefix) && this.#get(key, "hash"));
  }

  join(key: string, member: string, ttl: number, limit: number): number {
    const group = this.#get(key, "group") ?? { kind: "group", members: new Map<string, number>(), expires: 0 };
    const now = this.#world.time;
    for (const [name, expires] of group.members) if (expires <= now) group.members.delete(name);
    if (!group.members.has(member) && group.members.size >= limit) return 0;
    group.members.set(member, now + ttl);
    this.#keys.set(key, { ...group, expires: Math.max(group.expires, now + ttl) });
    return 1;
  }

  members(key: string): string[] {
    return [...(this.#get(key, "group")?.members.keys() ?? [])];
  }

  leave(key: string, member: string): number {
    return this.#get(key, "group")?.members.delete(member) ? 1 : 0;
  }

  count(key: string, by: number, window: number): [number, number] {
    const now = this.#world.time;
    if (by === 0 && this.#get(key, "count") === null) return [0, 0];
    const value = this.#get(key, "count") ?? { kind: "count", count: 0, expires: now + window };
    const next = { ...value, count: value.count + by };
    this.#keys.set(key, next);
    return [next.count, next.expires - now];
  }
}

/** Makes connections to it from one place; what `RedisHints` takes for `connect`. */
export function redisConnector(world: World, life: Life, server: RedisServer, route: Route): typeof openLink {
  return (options) => new RedisConnection(world, life, server, route, options) as unknown as Redis;
}

/** One connection, as ioredis behaves with the options of `openLink`. */
class RedisConnection {
  status: "wait" | "connecting" | "ready" | "close" | "end" = "wait";
  readonly channels = new Set<string>();
  readonly #world: World;
  readonly #life: Life;
  readonly #server: RedisServer;
  readonly #route: Route;
  readonly #options: LinkOptions;
  readonly #pending = new Set<(error: Error) => void>();
  #message: (channel: Buffer, payload: Buffer) => void = () => {};
  #epoch = 0;
  #stream: Stream;

  constructor(world: World, life: Life, server: RedisServer, route: Route, options: LinkOptions) {
    this.#world = world;
    this.#life = life;
    this.#server = server;
    this.#route = route;
    this.#stream = new Stream(world, route);
    this.#options = options;
  }

  on(event: string, listener: (channel: Buffer, payload: Buffer) => void): this {
    if (event === "messageBuffer") this.#message = listener;
    return this;
  }

  connect(): Promise<void> {
    this.status = "connecting";
    return new Promise((resolve, reject) => {
      this.#world.after(this.#route.delay() * 2, this.#life, () => {
        if (this.status === "end") return reject(new Error("Connection is closed."));
        if (this.#server.away || this.#route.cut) {
          this.#retry();
          return reject(new Error("Connection is closed."));
        }
        this.status = "ready";
        this.#stream = new Stream(this.#world, this.#route);
        this.#server.joined(this);
        this.#options.onUp();
        resolve();
      });
    });
  }

  #retry(): void {
    this.status = "close";
    this.#world.after(50 + this.#world.random.fraction() * 950, this.#life, () => {
      if (this.status === "close") this.connect().catch(() => {});
    });
  }

  disconnect(again = false): void {
    this.#drop();
    if (again) this.#retry();
    else this.status = "end";
  }

  /** The other side is gone; noticed after a moment. */
  broken(): void {
    this.#server.left(this);
    const epoch = this.#epoch;
    this.#world.after(this.#route.delay(), this.#life, () => {
      if (this.#epoch !== epoch || this.status !== "ready") return;
      this.#drop();
      this.#retry();
    });
  }

  #drop(): void {
    this.#epoch++;
    this.#server.left(this);
    this.channels.clear();
    const wasReady = this.status === "ready";
    this.status = "close";
    for (const reject of [...this.#pending]) reject(new Error("Connection is closed."));
    if (wasReady) this.#options.onDown();
  }

  /** `late`: it comes so much later, after others; else in order. */
  push(channel: string, payload: Buffer, late: number | null): void {
    if (this.#route.cut) return;
    const epoch = this.#epoch;
    this.#world.after(late ?? this.#stream.delay(), this.#life, () => {
      if (this.#epoch === epoch && this.channels.has(channel)) this.#message(Buffer.from(channel), payload);
    });
  }

  #command<T>(run: () => T): Promise<T> {
    if (this.status !== "ready") return Promise.reject(new Error("Stream isn't writeable"));
    return new Promise((resolve, reject) => {
      const epoch = this.#epoch;
      const fail = (error: Error): void => {
        this.#pending.delete(fail);
        forget();
        reject(error);
      };
      this.#pending.add(fail);
      const forget = this.#world.after(patience, this.#life, () => fail(new Error("Command timed out")));
      this.#world.after(this.#stream.delay(), this.#life, () => {
        if (this.#server.away || this.#route.cut || this.#epoch !== epoch) return;
        const result = run();
        this.#world.after(this.#stream.delay(), this.#life, () => {
          if (this.#route.cut || !this.#pending.delete(fail)) return;
          forget();
          resolve(result);
        });
      });
    });
  }

  publish = (channel: string, payload: Buffer) => this.#command(() => this.#server.publish(channel, payload));
  subscribe = (...channels: string[]) => this.#command(() => channels.forEach((each) => void this.channels.add(each)));
  unsubscribe = (channel: string) => this.#command(() => this.channels.delete(channel));
  ping = () => this.#command(() => "PONG");
  hgetall = (key: string) => this.#command(() => this.#server.hash(key));
  del = (...keys: string[]) => this.#command(() => this.#server.remove(...keys));
  zrange = (key: string) => this.#command(() => this.#server.members(key));
  zrem = (key: string, member: string) => this.#command(() => this.#server.leave(key, member));

  scan = (cursor: string, _match: "MATCH", pattern: string) => {
    if (cursor !== "0") throw new Error(`Not simulated: cursor ${cursor}`);
    return this.#command(() => ["0", this.#server.scan(pattern.slice(0, -1))]);
  };

  eval(script: string, _keys: 1, key: string, ...args: (string | number)[]): Promise<unknown> {
    const [first, second, third] = args;
    if (script === joinScript) {
      return this.#command(() => this.#server.join(key, String(first), Number(second), Number(third)));
    }
    if (script === countScript) return this.#command(() => this.#server.count(key, Number(first), Number(second)));
    throw new Error(`Not simulated: ${script}`);
  }

  /** The only transaction there is: a record put anew. */
  multi() {
    const record = { name: "", fields: {} as Record<string, string>, ttl: 0 };
    const chain = {
      del: () => chain,
      hset: (name: string, fields: Record<string, string>) => {
        Object.assign(record, { name, fields });
        return chain;
      },
      pexpire: (_name: string, ttl: number) => {
        record.ttl = ttl;
        return chain;
      },
      exec: () => this.#command(() => this.#server.put(record.name, record.fields, record.ttl)),
    };
    return chain;
  }
}
