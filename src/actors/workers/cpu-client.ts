import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { SearchCriteria } from "../../domain/search/criteria.ts";
import { Lifetime } from "../runtime/lifetime.ts";
import type { Cpu, Description, SearchedMessage } from "./cpu.ts";
import type { DecodedAttachment, ReadableContent } from "./readable.ts";
import { nameOf } from "./reading-turns.ts";
import { UnreadableMessages } from "./unreadable-messages.ts";

/** A job that has not ended after so long, the time it waits for others counted, will not: milliseconds. */
const longestJob = 120_000;
/** How often a job is tried that others than itself may have been the end of. */
const mostAttempts = 3;
/** A worker that died has a successor after so long, milliseconds; its jobs wait for word of what it died of. */
const wordOfDeath = 5_000;

/**
 * One thread's way to the CPU workers. A job goes to the worker with the fewest; if that worker dies it goes to another
 * one, once.
 */
export class CpuClient implements Cpu {
  readonly #links: (Link | undefined)[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #unreadable = new UnreadableMessages(() => performance.now());

  /**
   * CPU worker `worker` is reached by this port from now on; whoever waits for the old one tries again. `diedOf`: the
   * message that the old one was reading.
   */
  connect(worker: number, port: MessagePort, diedOf: string | null): void {
    if (diedOf !== null) this.#unreadable.add(diedOf);
    this.#links[worker]?.lose(diedOf);
    this.#links[worker] = new Link(port);
    for (const resume of this.#waiting.splice(0)) resume();
  }

  async describe(messages: readonly Uint8Array[]): Promise<readonly (Description | null)[]> {
    try {
      return await this.#run((cpu) => cpu.describe(messages));
    } catch (error) {
      if (!(error instanceof CpuWorkerDied || error instanceof CpuJobTooLong)) throw error;
      // One of them kills workers. Alone, each harms only itself: it is kept undescribed.
      if (messages.length === 1) return [null];
      const each: (Description | null)[] = [];
      for (const message of messages) each.push((await this.describe([message]))[0] ?? null);
      return each;
    }
  }

  search(criteria: SearchCriteria, messages: readonly SearchedMessage[]): Promise<readonly boolean[]> {
    return this.#run((cpu) => cpu.search(criteria, messages));
  }

  readable(message: Uint8Array, whose: string): Promise<ReadableContent> {
    return this.#read(
      { message, whose },
      (cpu) => cpu.readable(message, whose),
      () => this.readPlainly(message),
    );
  }

  attachment(message: Uint8Array, id: string, whose: string): Promise<DecodedAttachment | null> {
    return this.#read(
      { message, whose },
      (cpu) => cpu.attachment(message, id, whose),
      () => this.attachmentPlainly(message, id),
    );
  }

  /** Does a job that may not come to an end, or in its place, where it has not, the one that surely does. */
  async #read<T>(
    { message, whose }: { message: Uint8Array; whose: string },
    job: (cpu: Cpu) => Promise<T>,
    surely: () => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; attempt <= 2 && !this.#unreadable.has(message, whose); attempt++) {
      try {
        return await (await this.#leastBusy()).run(job);
      } catch (error) {
        if (!(error instanceof CpuWorkerDied || error instanceof CpuJobTooLong)) throw error;
        if (error instanceof CpuWorkerDied && error.of === nameOf(message)) this.#unreadable.blame(whose);
      }
    }
    return surely();
  }

  readPlainly(message: Uint8Array): Promise<ReadableContent> {
    return this.#run((cpu) => cpu.readPlainly(message));
  }

  attachmentPlainly(message: Uint8Array, id: string): Promise<DecodedAttachment | null> {
    return this.#run((cpu) => cpu.attachmentPlainly(message, id));
  }

  hashPassword(password: string): Promise<string> {
    return this.#run((cpu) => cpu.hashPassword(password));
  }

  verifyPassword(password: string, hash: string): Promise<boolean> {
    return this.#run((cpu) => cpu.verifyPassword(password, hash));
  }

  async #run<T>(job: (cpu: Cpu) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const link = await this.#leastBusy();
      try {
        return await link.run(job);
      } catch (error) {
        if (!(error instanceof CpuWorkerDied) || attempt === mostAttempts) throw error;
      }
    }
  }

  async #leastBusy(): Promise<Link> {
    for (;;) {
      let best: Link | undefined;
      for (const link of this.#links) {
        if (link && !link.lost && (!best || link.jobs < best.jobs)) best = link;
      }
      if (best) return best;
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }
}

export class CpuWorkerDied extends Error {
  override readonly name = "CpuWorkerDied";

  /** `of`: the message it was reading; null: none, or it is not known. */
  constructor(readonly of: string | null) {
    super("Cannot finish a job: its CPU worker died");
  }
}

export class CpuJobTooLong extends Error {
  override readonly name = "CpuJobTooLong";
}

class Link {
  readonly #cpu: Comlink.Remote<Cpu>;
  readonly #lifetime = new Lifetime();
  jobs = 0;
  lost = false;

  constructor(port: MessagePort) {
    this.#cpu = Comlink.wrap<Cpu>(nodeEndpoint(port));
    port.on("close", () => {
      this.lost = true;
      setTimeout(() => this.lose(null), wordOfDeath).unref();
    });
  }

  lose(of: string | null): void {
    this.lost = true;
    this.#lifetime.end(new CpuWorkerDied(of));
  }

  async run<T>(job: (cpu: Cpu) => Promise<T>): Promise<T> {
    this.jobs++;
    let timer: Timer | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new CpuJobTooLong("Cannot finish a job: it takes too long")), longestJob);
    });
    try {
      return await Promise.race([this.#lifetime.during(job(this.#cpu as unknown as Cpu)), tooLong]);
    } finally {
      clearTimeout(timer);
      this.jobs--;
    }
  }
}
