import { MessageChannel, type MessagePort, type Transferable } from "node:worker_threads";
import type { AccountId } from "../../domain/ids.ts";
import type { Logger } from "../../operation/logger.ts";
import type { DirectoryStore } from "../../store/directory.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { BatchedPort, movable } from "../runtime/batched-port.ts";
import { WorkerPool, type Workers, type WorkersOptions } from "../runtime/worker-pool.ts";
import type { CpuUser } from "../workers/cpu-workers.ts";
import { Watchers } from "./local-accounts.ts";
import type { AccountRequest, AccountRequestKind, AccountRequests, Accounts, AnswerTo, Watcher } from "./requests.ts";
import type { Control, FromShard, ShardStats, ToShard } from "./shard-wire.ts";

/** Accounts are spread over so many shards, and the shards over the workers: adding a worker moves few accounts. */
export const shardCount = 64;

export type ShardsOptions<Start> = {
  readonly filename: string;
  readonly workers: number;
  /** What a worker is started with, besides its port; asked again for a successor. */
  readonly startOf: (worker: number) => { start: Start; transfer: readonly MessagePort[] };
  /** A worker begins its life: it needs its ways to the CPU workers. */
  readonly born: (worker: number) => void;
  readonly logger: Logger;
  /** How workers and the channels to them are made; another way than threads is for simulation. */
  readonly newWorkers?: (options: WorkersOptions<Start & { port: MessagePort }>) => Workers;
  readonly newChannel?: () => { port1: MessagePort; port2: MessagePort };
};

/**
 * The accounts of this node, wherever their workers are. A request of a worker that dies is sent again, under the same
 * request id, to its successor; one whose bytes have moved to the dead worker is refused as unavailable.
 */
export class Shards<Start> implements Accounts {
  readonly #pool: Workers;
  readonly #links: ShardLink[] = [];
  readonly #watchers = new Watchers();
  readonly #logger: Logger;
  #turn = 0;

  constructor(options: ShardsOptions<Start>) {
    this.#logger = options.logger;
    for (let worker = 0; worker < options.workers; worker++) this.#links.push(new ShardLink(this.#watchers));
    const newChannel = options.newChannel ?? (() => new MessageChannel());
    const newWorkers = options.newWorkers ?? ((wanted) => new WorkerPool(wanted));
    this.#pool = newWorkers({
      filename: options.filename,
      size: options.workers,
      lifeFor: (worker) => {
        const { port1, port2 } = newChannel();
        const { start, transfer } = options.startOf(worker);
        const watched = this.#watchers.accounts().filter((account) => this.#workerOf(account) === worker);
        this.#links[worker]!.connect(port1, watched);
        options.born(worker);
        return { start: { ...start, port: port2 }, transfer: [port2, ...transfer] };
      },
      died: (worker, why) => {
        if (this.#links[worker]!.serves) this.#logger.error({ worker, err: why }, "shard worker died; it is replaced");
        else this.#logger.error({ worker, why: why.message }, "shard worker cannot start; it tries again until it can");
        this.#links[worker]!.lost();
      },
    });
  }

  /** Resolves when every worker serves. */
  async ready(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.ready));
  }

  #workerOf(account: AccountId): number {
    return shardOf(account) % this.#links.length;
  }

  ask<K extends AccountRequestKind>(
    account: AccountId,
    request: { kind: K } & AccountRequests[K]["ask"],
  ): Promise<AnswerTo<K>> {
    return this.#links[this.#workerOf(account)]!.ask(account, request as AccountRequest) as Promise<AnswerTo<K>>;
  }

  watch(account: AccountId, watcher: Watcher): () => void {
    const link = this.#links[this.#workerOf(account)]!;
    if (this.#watchers.add(account, watcher)) link.send({ kind: "watch", account });
    return () => {
      if (this.#watchers.remove(account, watcher)) link.send({ kind: "unwatch", account });
    };
  }

  /** The directory, through any of the workers in turn. */
  directory(): DirectoryStore {
    const call = (method: keyof DirectoryStore, args: readonly unknown[]): Promise<unknown> => {
      this.#turn = (this.#turn + 1) % this.#links.length;
      return this.#links[this.#turn]!.directory(method, args);
    };
    return new Proxy({} as DirectoryStore, {
      get:
        (_, method) =>
        (...args: readonly unknown[]) =>
          call(method as keyof DirectoryStore, args),
    });
  }

  async stats(): Promise<ShardStats> {
    const each = (await this.control("stats")) as ShardStats[];
    const sum = { actors: 0, waiting: 0, unrecorded: 0, roundTrips: 0 };
    for (const stats of each) {
      sum.actors += stats.actors;
      sum.waiting += stats.waiting;
      sum.unrecorded += stats.unrecorded;
      sum.roundTrips += stats.roundTrips;
    }
    return sum;
  }

  /** Asks every worker. */
  control(control: Control): Promise<unknown[]> {
    return Promise.all(this.#links.map((link) => link.control(control)));
  }

  /** How CPU workers reach a shard worker. */
  cpuUser(index: number): CpuUser {
    return {
      connect: (worker, port) => this.#links[index]!.send({ kind: "cpu", worker, port }, [port]),
    };
  }

  /** Ends a worker where it stands; for tests of what happens then. */
  killWorker(index: number): Promise<void> {
    return this.#pool.kill(index);
  }

  async close(): Promise<void> {
    // A worker that dies meanwhile has lost nothing: the log has it.
    await Promise.allSettled(this.#links.map((link) => link.control("close")));
    await this.#pool.close();
  }
}

/** By the last digits of the id, which count up: neighbours go to different shards. */
export function shardOf(account: AccountId): number {
  return Number.parseInt(account.slice(-6), 16) % shardCount;
}

/** How often a request is given to a new worker before it is refused. */
const mostAttempts = 2;

type Pending = {
  readonly message: Extract<ToShard, { id: number }>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  /** Its bytes are with the worker it was sent to. */
  readonly moved: boolean;
  attempts: number;
};

/** One worker, and what it has been asked. */
class ShardLink {
  readonly #watchers: Watchers;
  readonly #pending = new Map<number, Pending>();
  #port: BatchedPort<ToShard, FromShard> | null = null;
  #nextId = 1;
  #isReady: () => void = () => {};
  /** Its worker has come so far that it takes requests. */
  serves = false;
  ready: Promise<void>;

  constructor(watchers: Watchers) {
    this.#watchers = watchers;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
  }

  connect(port: MessagePort, watched: readonly AccountId[]): void {
    this.#port = new BatchedPort<ToShard, FromShard>(
      port,
      (message) => this.#heard(message),
      (message, why) => "id" in message && this.#take(message.id)?.reject(why),
    );
    for (const account of watched) {
      this.#port.send({ kind: "watch", account });
      // What was appended while nobody listened has to be asked for.
      this.#watchers.lagged(account);
    }
    for (const pending of this.#pending.values()) this.#port.send(pending.message);
  }

  lost(): void {
    this.#port = null;
    this.serves = false;
    for (const [id, pending] of this.#pending) {
      if (!pending.moved && ++pending.attempts < mostAttempts) continue;
      this.#pending.delete(id);
      if (pending.message.kind === "ask") {
        const refusal = { kind: "unavailable", why: "a worker died" } as const;
        pending.resolve({ ok: false, refusal } as never);
      } else pending.reject(new StoreUnavailable("Cannot reach the store: a worker died"));
    }
  }

  send(message: ToShard, transfer: readonly Transferable[] = []): void {
    this.#port?.send(message, transfer);
  }

  ask(account: AccountId, request: AccountRequest): Promise<unknown> {
    return this.#request({ kind: "ask", id: this.#nextId++, account, request }, largeParts(request));
  }

  directory(method: keyof DirectoryStore, args: readonly unknown[]): Promise<unknown> {
    return this.#request({ kind: "directory", id: this.#nextId++, method, args });
  }

  control(control: Control): Promise<unknown> {
    return this.#request({ kind: "control", id: this.#nextId++, control });
  }

  #request(message: Extract<ToShard, { id: number }>, transfer: readonly Transferable[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.set(message.id, { message, resolve, reject, moved: transfer.length > 0, attempts: 0 });
      this.#port?.send(message, transfer);
    });
  }

  #heard(message: FromShard): void {
    switch (message.kind) {
      case "ready":
        this.serves = true;
        return this.#isReady();
      case "announced":
        return this.#watchers.announced(message.announcement);
      case "lagged":
        return this.#watchers.lagged(message.account);
      case "answer":
        this.#take(message.id)?.resolve(message.value as never);
        return;
      case "failed": {
        const error = message.unavailable ? new StoreUnavailable(message.message) : new Error(message.message);
        this.#take(message.id)?.reject(error);
        return;
      }
      default:
        return message satisfies never;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

/** Bytes that move with a request: those of large messages. */
function largeParts(request: AccountRequest): Transferable[] {
  if (request.kind === "uploadWrite") return movable([request.bytes]);
  return [];
}
