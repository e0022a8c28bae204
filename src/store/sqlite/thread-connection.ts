import { StoreUnavailable } from "../log.ts";
import { bringIn, Checkpoints } from "./checkpoints.ts";
import { fileOfJob, type Job, type JobKind, type Jobs } from "./jobs.ts";
import type { SchemaName } from "./schema.ts";
import { type Reply, WriteQueue } from "./write-queue.ts";
import { settle, type WriterConnection } from "./writer-connection.ts";

/** The writer in the asking thread: no worker, no timer, one order of things; for simulation, tests and tools. */
export class ThreadConnection implements WriterConnection {
  readonly queues: Readonly<Record<SchemaName, WriteQueue>>;
  readonly #checkpoints: Record<SchemaName, Checkpoints>;
  readonly #pending = new Map<number, Parameters<typeof settle>[0]>();
  readonly #due = new Set<SchemaName>();
  #nextId = 1;
  #closed = false;

  constructor(dataDir: string) {
    this.queues = { truth: new WriteQueue(dataDir, "truth"), state: new WriteQueue(dataDir, "state") };
    const inPlace = (file: SchemaName) => {
      const checkpoints: Checkpoints = new Checkpoints(() => {
        bringIn(this.queues[file].db);
        checkpoints.ended();
      });
      return checkpoints;
    };
    this.#checkpoints = { truth: inPlace("truth"), state: inPlace("state") };
  }

  ask<K extends JobKind>(kind: K, ask: Jobs[K]["ask"], action: string) {
    if (this.#closed)
      return Promise.reject(new StoreUnavailable(`Cannot ${action}: the store is closed`, { kept: "no" }));
    const file = fileOfJob[kind];
    const job = { id: this.#nextId++, kind, ask } as Job;
    this.queues[file].submit([job], this.#reply);
    return new Promise<Jobs[K]["answer"]>((resolve, reject) => {
      this.#pending.set(job.id, { resolve, reject, action });
      if (this.#due.has(file)) return;
      this.#due.add(file);
      queueMicrotask(() => this.#commit(file));
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const queue of Object.values(this.queues)) queue.close();
  }

  #commit(file: SchemaName): void {
    this.#due.delete(file);
    const queue = this.queues[file];
    while (!this.#closed && !queue.empty) {
      queue.commit();
      this.#checkpoints[file].afterCommit(queue.db);
    }
  }

  readonly #reply: Reply = (answers) => {
    for (const answer of answers) {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      settle(pending, answer);
    }
  };
}
