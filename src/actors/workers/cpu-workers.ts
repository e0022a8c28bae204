import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Logger } from "../../operation/logger.ts";
import { WorkerPool } from "../runtime/worker-pool.ts";
import type { WorkerSays } from "./cpu-worker.ts";
import type { Reading } from "./reading-turns.ts";

/** Someone who has work for CPU workers, in this thread or another. */
export type CpuUser = {
  /** `diedOf`: the message that this worker's predecessor was reading when it died. */
  connect(worker: number, port: MessagePort, diedOf: string | null): void;
};

/** How often every worker is asked whether it is there, milliseconds. */
const askEvery = 2_500;
/** A worker that has not answered so many times is in a job that will not end: it is given up. */
const mostUnanswered = 4;
/** How long the reading of a message may take: milliseconds, and bytes for each further second. */
const readingTime = 3_000;
const bytesPerSecond = 8 * 1024 * 1024;
/** Then the worker is asked whether it is there, and has so long to say so, milliseconds; and so often more time is given. */
const answerTime = 500;
const mostExtensions = 6;

/** The pool of CPU workers. Every user has a port to every worker; after a worker's death each gets a new one. */
export class CpuWorkers {
  readonly #pool: WorkerPool<{ users: MessagePort }>;
  readonly #toWorkers: MessagePort[] = [];
  readonly #users = new Set<CpuUser>();
  /** How often each has been asked in vain. */
  readonly #unanswered: number[] = [];
  /** What each reads at the moment, and who looks whether it has come to an end. */
  readonly #readings: { readonly reading: NonNullable<Reading>; timer: Timer }[] = [];
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
        const diedOf = this.#readings[worker]?.reading.message ?? null;
        this.#nowReads(worker, null);
        port1.on("message", (said: WorkerSays) => {
          this.#unanswered[worker] = 0;
          if (said.kind === "reading" && this.#toWorkers[worker] === port1) this.#nowReads(worker, said.reading);
        });
        for (const user of this.#users) this.#introduce(user, worker, diedOf);
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

  /** Jobs are written to end; what a message does to a library is not. Nobody may wait for such a job for ever. */
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

  #nowReads(worker: number, reading: Reading): void {
    clearTimeout(this.#readings[worker]?.timer);
    delete this.#readings[worker];
    if (reading === null) return;
    const time = readingTime + (reading.size / bytesPerSecond) * 1000;
    this.#readings[worker] = { reading, timer: this.#in(time, () => this.#tooLong(worker, mostExtensions)) };
  }

  /** A reading that leaves its worker time for others may go on a while: the worker may only have much to do. */
  #tooLong(worker: number, extensions: number): void {
    const current = this.#readings[worker]!;
    // Answered where the worker is not stuck.
    this.#unanswered[worker]!++;
    this.#toWorkers[worker]!.postMessage("there?");
    current.timer = this.#in(answerTime, () => {
      if (this.#unanswered[worker] === 0 && extensions > 0) {
        current.timer = this.#in(readingTime, () => this.#tooLong(worker, extensions - 1));
        return;
      }
      this.#logger.warn(
        { worker, size: current.reading.size },
        "a message takes too long to read; its worker is given up",
      );
      this.#giveUp(worker);
    });
  }

  #giveUp(worker: number): void {
    this.#givenUp.add(worker);
    this.#pool.giveUp(worker);
  }

  #in(ms: number, run: () => void): Timer {
    const timer = setTimeout(run, ms);
    timer.unref();
    return timer;
  }

  /** Gives the user a port to every worker, now and after each death; called again, new ports: the user's thread is another. */
  serve(user: CpuUser): void {
    this.#users.add(user);
    for (let worker = 0; worker < this.#toWorkers.length; worker++) this.#introduce(user, worker, null);
  }

  #introduce(user: CpuUser, worker: number, diedOf: string | null): void {
    const { port1, port2 } = new MessageChannel();
    this.#toWorkers[worker]!.postMessage(port2, [port2]);
    user.connect(worker, port1, diedOf);
  }

  /** Ends a worker where it stands; for tests of what happens then. */
  killWorker(index: number): Promise<void> {
    return this.#pool.kill(index);
  }

  close(): Promise<void> {
    clearInterval(this.#asking);
    for (const worker of this.#toWorkers.keys()) this.#nowReads(worker, null);
    return this.#pool.close();
  }
}
