import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Logger } from "../../operation/logger.ts";
import { WorkerPool } from "../runtime/worker-pool.ts";

/** Someone who has work for CPU workers, in this thread or another. */
export type CpuUser = { connect(worker: number, port: MessagePort): void };

/** The pool of CPU workers. Every user has a port to every worker; after a worker's death each gets a new one. */
export class CpuWorkers {
  readonly #pool: WorkerPool<{ users: MessagePort }>;
  readonly #toWorkers: MessagePort[] = [];
  readonly #users = new Set<CpuUser>();

  constructor(options: { filename: string; workers: number; logger: Logger }) {
    this.#pool = new WorkerPool({
      filename: options.filename,
      size: options.workers,
      lifeFor: (worker) => {
        const { port1, port2 } = new MessageChannel();
        this.#toWorkers[worker] = port1;
        for (const user of this.#users) this.#introduce(user, worker);
        return { start: { users: port2 }, transfer: [port2] };
      },
      died: (worker, why) => options.logger.error({ worker, err: why }, "CPU worker died; it is replaced"),
    });
  }

  /** Gives the user a port to every worker, now and after each death; called again, new ports: the user's thread is another. */
  serve(user: CpuUser): void {
    this.#users.add(user);
    for (let worker = 0; worker < this.#toWorkers.length; worker++) this.#introduce(user, worker);
  }

  #introduce(user: CpuUser, worker: number): void {
    const { port1, port2 } = new MessageChannel();
    this.#toWorkers[worker]!.postMessage(port2, [port2]);
    user.connect(worker, port1);
  }

  /** Ends a worker where it stands; for tests of what happens then. */
  killWorker(index: number): Promise<void> {
    return this.#pool.kill(index);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
