import { ShardPort } from "../../src/actors/account/serve-shard.ts";
import { liveAsShard } from "../../src/actors/account/shard-life.ts";
import type { ShardPace } from "../../src/actors/account/shard-pace.ts";
import { Shards } from "../../src/actors/account/shards.ts";
import { DirectoryService } from "../../src/actors/directory/directory-service.ts";
import { objectIds } from "../../src/actors/runtime/object-id.ts";
import { SessionService } from "../../src/actors/sessions/session-service.ts";
import type { Cpu } from "../../src/actors/workers/cpu.ts";
import { jobs } from "../../src/actors/workers/jobs.ts";
import { noHoldingLimits } from "../../src/domain/account/holding-limits.ts";
import type { Logger } from "../../src/operation/logger.ts";
import { imapProtocol } from "../../src/protocols/imap/listener.ts";
import { pop3Protocol } from "../../src/protocols/pop3/start-pop3.ts";
import type { ListenerOptions, Services } from "../../src/protocols/services.ts";
import type { StreamProtocol } from "../../src/protocols/stream-listener.ts";
import { mongoBlobs } from "../../src/store/mongo/mongo-blobs.ts";
import { mongoDirectory } from "../../src/store/mongo/mongo-directory.ts";
import { mongoLog } from "../../src/store/mongo/mongo-log.ts";
import { mongoState } from "../../src/store/mongo/mongo-state.ts";
import { RedisHints } from "../../src/store/redis/redis-hints.ts";
import type { Stores } from "../../src/store/stores.ts";
import { Connection } from "./connection.ts";
import { type DatabaseFaults, mongoLink } from "./mongo-client.ts";
import type { MongoServer } from "./mongo-server.ts";
import { Route } from "./network.ts";
import { channel, SimulatedWorkers } from "./ports.ts";
import { type RedisServer, redisConnector } from "./redis.ts";
import { Life, SimulatedClock, type World } from "./world.ts";

/** What all nodes share. */
export type Cluster = {
  readonly world: World;
  readonly mongo: MongoServer;
  readonly mongoFaults: DatabaseFaults;
  readonly redis: RedisServer;
  /** Bytes of account state a worker keeps: with few, everything is passivated at every tick. */
  readonly memory: number;
  readonly workers: number;
  /** How soon what is behind the log is written, and how far the log goes back. */
  readonly pace: ShardPace & { tick: number };
  readonly retention: number;
  readonly logRetention: number;
  /** An alarm of the server's own: what it logs as an error. */
  alarm(node: string, text: string, fields: object): void;
};

/** A machine that a node runs on, is killed on and started on again. */
export class Machine {
  readonly name: string;
  readonly toMongo: Route;
  readonly toRedis: Route;
  readonly clocks = { skew: 0 };
  readonly #cluster: Cluster;
  node: Node | null = null;

  constructor(cluster: Cluster, name: string) {
    this.name = name;
    this.#cluster = cluster;
    this.toMongo = new Route(cluster.world);
    this.toRedis = new Route(cluster.world);
    this.start();
  }

  start(): void {
    this.#cluster.world.note(`${this.name} starts`);
    this.node = new Node(this.#cluster, this);
  }

  /** kill -9. */
  kill(): void {
    if (!this.node) return;
    this.#cluster.world.note(`${this.name} dies`);
    this.node.kill();
    this.node = null;
  }
}

type ShardStart = { port: MessagePort };

/** One running node: the real shards, directory, sessions and protocols, as `startServer` puts them together. */
export class Node {
  readonly life: Life;
  readonly ready: Promise<void>;
  /** Null until it takes connections. */
  services: Services | null = null;
  leaving = false;
  readonly connections = new Set<Connection>();
  readonly #cluster: Cluster;
  readonly #machine: Machine;
  readonly #clock: SimulatedClock;
  readonly #logger: Logger;
  #workers: SimulatedWorkers<ShardStart & { port: never }> | null = null;
  #shards: Shards<object> | null = null;
  #imap: StreamProtocol | null = null;
  #pop3: StreamProtocol | null = null;

  constructor(cluster: Cluster, machine: Machine) {
    this.#cluster = cluster;
    this.#machine = machine;
    this.life = new Life(machine.name);
    this.#clock = new SimulatedClock(cluster.world, this.life, machine.clocks);
    const error = (fields: object, text: string): void => cluster.alarm(machine.name, text, fields);
    const logger: Logger = {
      error,
      warn: (fields, text) => {
        const { err } = fields as { err?: Error };
        cluster.world.trace?.push(`${" ".repeat(14)}${machine.name} warns: ${text} ${err?.message ?? ""}`);
      },
      info: () => {},
      debug: () => {},
      child: () => logger,
    };
    this.#logger = logger;
    this.ready = this.#start();
  }

  async #start(): Promise<void> {
    const { world } = this.#cluster;
    const { random } = world;
    const hints = await this.#openHints(this.life);
    const cpu = simulatedCpu(world, this.life);
    const shards = new Shards<object>({
      filename: "",
      workers: this.#cluster.workers,
      startOf: () => ({ start: {}, transfer: [] }),
      born: () => {},
      logger: this.#logger,
      newChannel: () => channel(world, this.life),
      newWorkers: (options) => {
        this.#workers = new SimulatedWorkers(world, this.life, options as never, (start, life) => {
          void this.#live(start.port as never, life);
        });
        return this.#workers;
      },
    });
    this.#shards = shards;
    await shards.ready();
    const node = `${this.#machine.name}:${random.hex(2)}`;
    const randomHex = (bytes: number): string => random.hex(bytes);
    const clock = this.#clock;
    const sessions = new SessionService({ hints, clock, node, randomHex });
    const directory = new DirectoryService({
      store: shards.directory(),
      accounts: shards,
      sessions,
      cpu,
      hints,
      clock,
      logger: this.#logger,
      hostname: "example.com",
      newId: objectIds(clock.now.bind(clock), (bytes) => random.bytes(bytes)),
      randomHex,
      limits: { perUser: 1e6, perUserAnywhere: 1e6, perAddress: 1e6, window: 60, trusted: () => false },
      quota: 0,
      checkedAtOnce: 4,
    });
    const services: Services = {
      accounts: shards,
      directory,
      sessions,
      clock,
      randomHex,
      logger: this.#logger,
      metrics: silentMetrics,
      tls: () => ({ key: "", cert: "" }),
      hostname: "mail.example.com",
      version: "0",
    };
    this.#imap = imapProtocol(services, listenerOptions);
    this.#pop3 = pop3Protocol(services, listenerOptions);
    this.services = services;
    world.note(`${this.#machine.name} is ready`);
    this.#sweep();
  }

  /** A shard worker. */
  async #live(port: MessagePort, life: Life): Promise<void> {
    const cluster = this.#cluster;
    const { world, mongo, mongoFaults, memory, pace } = cluster;
    const { random } = world;
    const shardPort = new ShardPort(port as never);
    const clock = new SimulatedClock(world, life, this.#machine.clocks);
    const link = mongoLink(world, life, mongo, this.#machine.toMongo, mongoFaults);
    const { settled, ...blobs } = mongoBlobs(link, clock);
    const stores: Stores = {
      log: mongoLog(link),
      state: mongoState(link),
      blobs,
      directory: mongoDirectory(link, clock),
      close: settled,
    };
    const hints = await this.#openHints(life);
    await liveAsShard(shardPort, {
      stores,
      hints,
      roundTrips: link.roundTrips,
      inFlight: 1,
      cpu: simulatedCpu(world, life),
      cpuReplaced: () => {},
      clock,
      logger: this.#logger,
      newId: objectIds(clock.now.bind(clock), (bytes) => random.bytes(bytes)) as never,
      newBatch: () => random.hex(12),
      limits: {
        queue: 1000,
        holding: noHoldingLimits,
        messageSize: 1 << 20,
        get retention() {
          return cluster.retention;
        },
        get logRetention() {
          return cluster.logRetention;
        },
        appendDeadline: 8000,
      },
      memory,
      pace,
    });
  }

  #openHints(life: Life): Promise<RedisHints> {
    const { world, redis } = this.#cluster;
    return RedisHints.open({
      url: "redis://simulated",
      clock: new SimulatedClock(world, life, this.#machine.clocks),
      connect: redisConnector(world, life, redis, this.#machine.toRedis),
      origin: world.random.bytes(8),
    });
  }

  /** A client connects; null where nobody listens. */
  accept(protocol: "imap" | "pop3", client: Life): Connection | null {
    const served = protocol === "imap" ? this.#imap : this.#pop3;
    if (!served || this.leaving || this.life.ended) return null;
    const connection = new Connection(this.#cluster.world, this.life, client, this.#clock.now(), served);
    this.connections.add(connection);
    connection.onGone = () => this.connections.delete(connection);
    return connection;
  }

  kill(): void {
    this.life.end();
    for (const connection of this.connections) connection.serverDied();
  }

  killWorker(index: number): void {
    void this.#workers?.kill(index % this.#cluster.workers);
  }

  /** SIGTERM: no new connections, goodbye to those there are, what is behind is written, gone. */
  async leave(): Promise<void> {
    if (this.leaving || !this.services) return;
    this.leaving = true;
    this.#cluster.world.note(`${this.#machine.name} leaves`);
    for (const connection of [...this.connections]) connection.leave();
    await this.#cluster.world.pause(500, this.life);
    await this.#shards!.close();
    this.#machine.kill();
  }

  /** As the listeners do for all of their connections. */
  #sweep(): void {
    for (const connection of this.connections) connection.sweep(this.#clock.now());
    this.#clock.after(5000, () => this.#sweep());
  }
}

/** Looks like a hash of our own: another one would be made anew at every login. */
const hashOf = (password: string): string => `$argon2id$v=19$m=19456,t=2,p=1$simulated$${password}`;

/** The jobs of the CPU workers, which take their time; passwords are not worth any. */
function simulatedCpu(world: World, life: Life): Cpu {
  const inTime = async <T>(result: Promise<T>): Promise<T> => {
    await world.pause(world.random.wait(0.5), life);
    return await result;
  };
  return {
    describe: (messages) => inTime(jobs.describe(messages)),
    search: (criteria, messages) => inTime(jobs.search(criteria, messages)),
    readable: (message, links) => inTime(jobs.readable(message, links)),
    attachment: (message, id) => inTime(jobs.attachment(message, id)),
    compose: (draft, texts) => inTime(jobs.compose(draft, texts)),
    messageOfText: (text, texts) => inTime(jobs.messageOfText(text, texts)),
    hashPassword: (password) => inTime(Promise.resolve(hashOf(password))),
    verifyPassword: (password, hash) => inTime(Promise.resolve(hash === hashOf(password))),
  };
}

const silentMetrics = { command() {}, connected() {}, disconnected() {}, login() {}, received() {}, refused() {} };

const listenerOptions: ListenerOptions = {
  host: "",
  port: null,
  tlsPort: null,
  allowPlaintext: true,
  maxConnectionsPerUser: 10_000,
  maxNewcomersPerAddress: 10_000,
  trustedNetworks: [],
  maxConnections: 10_000,
  proxyProtocolFrom: [],
  lineLength: 65_536,
  messageSize: 1 << 20,
  reusePort: false,
};
