import type { MessagePort } from "node:worker_threads";
import Piscina from "piscina";

/** What a worker is given for its whole life. */
export type LifeOf<Start> = { readonly start: Start; readonly transfer: readonly MessagePort[] };

export type WorkersOptions<Start> = {
  readonly filename: string;
  readonly size: number;
  /** Asked at the start and after each death. */
  readonly lifeFor: (worker: number) => LifeOf<Start>;
  /** Told before a dead worker's successor begins. */
  readonly died: (worker: number, why: Error) => void;
};

/** Workers that are replaced when they die. */
export interface Workers {
  /** Ends one where it stands: what a crash of it would do. */
  kill(index: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A fixed number of workers in a Piscina pool, each busy with one task: its life, during which it serves the ports it
 * was given. A worker that dies is replaced by the pool, and its successor is given a life of its own.
 */
export class WorkerPool<Start> implements Workers {
  readonly size: number;
  readonly #pool: Piscina;
  readonly #lifeFor: (worker: number) => LifeOf<Start>;
  readonly #died: (worker: number, why: Error) => void;
  readonly #lives: AbortController[] = [];
  #closing = false;

  constructor(options: WorkersOptions<Start>) {
    this.size = options.size;
    this.#lifeFor = options.lifeFor;
    this.#died = options.died;
    this.#pool = new Piscina({
      filename: options.filename,
      minThreads: options.size,
      maxThreads: options.size,
      // On Bun a worker that waits with Atomics never sees its ports.
      atomics: "disabled",
      // A life each: the worker that has none yet is the one to take the next.
      concurrentTasksPerWorker: 1,
      loadBalancer: (_task, workers) => workers.find((worker) => worker.currentUsage === 0) ?? null,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    for (let worker = 0; worker < options.size; worker++) this.#begin(worker);
  }

  #begin(worker: number): void {
    if (this.#closing) return;
    const { start, transfer } = this.#lifeFor(worker);
    const life = new AbortController();
    this.#lives[worker] = life;
    this.#pool.run({ worker, start }, { transferList: [...transfer] as never, signal: life.signal }).then(
      () => this.#ended(worker, new Error("the worker ended")),
      (error: Error) => this.#ended(worker, error),
    );
  }

  #ended(worker: number, why: Error): void {
    if (this.#closing) return;
    this.#died(worker, why);
    // A worker that dies at once must not be reborn as fast as the machine can.
    setTimeout(() => this.#begin(worker), 50);
  }

  /** Ends a worker that does not answer any more, wherever it stands; its successor begins. */
  giveUp(worker: number): void {
    this.#lives[worker]?.abort();
  }

  async kill(index: number): Promise<void> {
    await this.#pool.threads[index]?.terminate();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#pool.destroy();
  }
}
