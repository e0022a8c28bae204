import type { MessagePort, Transferable } from "node:worker_threads";
import type { DirectoryStore } from "../../store/directory.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { BatchedPort, movable } from "../runtime/batched-port.ts";
import type { Attachment, Columns, ContentPage, ReadableMessage } from "./requests.ts";
import type { Shard } from "./shard.ts";
import type { Control, FromShard, ToShard } from "./shard-wire.ts";
import type { Listener } from "./watches.ts";

export type Served = {
  readonly shard: Shard;
  readonly directory: DirectoryStore;
  control(control: Control): Promise<unknown>;
  cpuReplaced(worker: number, port: MessagePort): void;
};

/** A shard worker's side of its port: requests in, answers and announcements out. */
export class ShardPort {
  readonly #port: BatchedPort<FromShard, ToShard>;
  readonly listener: Listener;
  #served: Served | null = null;
  readonly #early: ToShard[] = [];

  constructor(port: MessagePort) {
    this.#port = new BatchedPort<FromShard, ToShard>(
      port,
      (message) => {
        if (this.#served) this.#heard(this.#served, message);
        else this.#early.push(message);
      },
      (message, why) => {
        if (message.kind !== "answer") return;
        this.#port.send({ kind: "failed", id: message.id, message: describe(why), unavailable: false });
      },
    );
    this.listener = {
      announced: (announcement) => this.#port.send({ kind: "announced", announcement }),
      lagged: (account) => this.#port.send({ kind: "lagged", account }),
    };
  }

  /** Answers what has been asked so far and from now on. */
  serve(served: Served): void {
    this.#served = served;
    this.#port.send({ kind: "ready" });
    for (const message of this.#early.splice(0)) this.#heard(served, message);
  }

  #heard(served: Served, message: ToShard): void {
    switch (message.kind) {
      case "ask":
        return this.#answer(message.id, served.shard.ask(message.account, message.request));
      case "directory": {
        const method = served.directory[message.method] as (...args: readonly unknown[]) => Promise<unknown>;
        return this.#answer(message.id, method.apply(served.directory, message.args as unknown[]));
      }
      case "control":
        return this.#answer(message.id, served.control(message.control));
      case "watch":
        return served.shard.watch(message.account);
      case "unwatch":
        return served.shard.unwatch(message.account);
      case "cpu":
        return served.cpuReplaced(message.worker, message.port);
      default:
        return message satisfies never;
    }
  }

  #answer(id: number, work: Promise<unknown>): void {
    work.then(
      (value) => this.#port.send({ kind: "answer", id, value }, movableParts(value)),
      (error: unknown) => {
        const unavailable = error instanceof StoreUnavailable;
        this.#port.send({ kind: "failed", id, message: describe(error), unavailable });
      },
    );
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Buffers that were made for this answer alone. */
function movableParts(value: unknown): Transferable[] {
  if (typeof value !== "object" || value === null) return [];
  if ("shown" in value) return movable([(value as ReadableMessage).shown]);
  if ("facts" in value) return movable([(value as Attachment).bytes]);
  if ("offsets" in value) return movable([(value as ContentPage).bytes]);
  if ("modseqs" in value) {
    const { uids, modseqs, flags, sizes, dates, messages } = value as Columns;
    return movable([uids, modseqs, flags, sizes, dates, messages]);
  }
  return [];
}
