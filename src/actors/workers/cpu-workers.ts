import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Logger } from "../../operation/logger.ts";
import { WorkerPool } from "../runtime/worker-pool.ts";

/** Someone who has work for CPU workers, in this thread or another. */
export type CpuUser = {
  connect(worker: number, port: MessagePort): void;
};

/** How often every worker is asked whether it is there, milliseconds. */
const askEvery = 2_500;
/** A worker that has not answered so many times is in a job that will not end: it is given up. */
const mostUnanswered = 4;
/** The pool of CPU workers. Every user has a port to every worker; after a worker's death each gets a new one. */
export class CpuWorkers {
  readonly #pool: WorkerPool<{ users: MessagePort }>;
  readonly #toWorkers: MessagePort[] = [];
  readonly #users = new Set<CpuUser>();
  /** How often each has been asked in vain. */
  readonly #unanswered: number[] = [];
  readonly #givenUp = new Set<number>();
  readonly #logger: Logger;
  readonly #asking: Timer;

  /** `askEvery`: milliseconds between two looks whether workers still answer. */
  constructor(options: { filename: string; workers: number; logger: Logger; askEvery?: number }) {
    this.#logger = options.logger;
    this.#pool = new WorkerPool({
      filename: options.filename,
      size: options.workers,
      lifeFor: (worker) => {
        const { port1, port2 } = new MessageChannel();
        this.#toWorkers[worker]?.close();
        this.#toWorkers[worker] = port1;
        this.#unanswered[worker] = 0;
        port1.on("message", () => {
          this.#unanswered[worker] = 0;
        });
        for (const user of this.#users) this.#introduce(user, worker);
        return { start: { users: port2 }, transfer: [port2] };
      },
      died: (worker, why) => {
        if (this.#givenUp.delete(worker)) options.logger.info({ worker }, "a CPU worker that was given up is replaced");
        else options.logger.error({ worker, err: why }, "CPU worker died; it is replaced");
      },
    });
    this.#asking = setInterval(() => this.#ask(), options.askEvery ?? askEvery);
    this.#asking.unref();
  }

  /** Jobs are written to end in good time. Should one not, nobody may wait for it for ever. */
  #ask(): void {
    for (const [worker, port] of this.#toWorkers.entries()) {
      if (this.#unanswered[worker]! >= mostUnanswered) {
        this.#unanswered[worker] = 0;
        this.#logger.warn({ worker }, "a CPU worker does not answer; it is given up");
        this.#giveUp(worker);
      } else {
        this.#unanswered[worker]!++;
        port.postMessage("there?");
      }
    }
  }

  #giveUp(worker: number): void {
    this.#givenUp.add(worker);
    this.#pool.giveUp(worker);
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
    clearInterval(this.#asking);
    return this.#pool.close();
  }
}
