import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { SearchCriteria } from "../../domain/search/criteria.ts";
import { Lifetime } from "../runtime/lifetime.ts";
import type { Composed, Draft, NamedTexts, UnreadableAttachment } from "./compose-message.ts";
import type { Cpu, Description, SearchedMessage } from "./cpu.ts";
import type { DecodedAttachment, ShownContent } from "./readable.ts";

/** A job that has not ended after so long, the time it waits for others counted, will not: milliseconds. */
const longestJob = 120_000;
/** How often a job is tried that others than itself may have been the end of. */
const mostAttempts = 3;

/**
 * One thread's way to the CPU workers. A job goes to the worker with the fewest; if that worker dies it goes to another
 * one, once.
 */
export class CpuClient implements Cpu {
  readonly #links: (Link | undefined)[] = [];
  readonly #waiting: (() => void)[] = [];

  /** CPU worker `worker` is reached by this port from now on; whoever waits for the old one tries again. */
  connect(worker: number, port: MessagePort): void {
    this.#links[worker]?.lose();
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

  readable(message: Uint8Array, links: string | null): Promise<ShownContent> {
    return this.#run((cpu) => cpu.readable(message, links));
  }

  attachment(message: Uint8Array, id: string): Promise<DecodedAttachment | null> {
    return this.#run((cpu) => cpu.attachment(message, id));
  }

  /** Tried once: the texts go to the worker, and are gone where it dies. */
  async compose(draft: Draft, texts: NamedTexts): Promise<Composed | UnreadableAttachment> {
    return (await this.#leastBusy()).run((cpu) => cpu.compose(draft, movedTexts(texts)));
  }

  async messageOfText(text: string, texts: NamedTexts): Promise<Composed> {
    return (await this.#leastBusy()).run((cpu) => cpu.messageOfText(text, movedTexts(texts)));
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

function movedTexts(texts: NamedTexts): NamedTexts {
  return Comlink.transfer(
    texts,
    [...texts.values()].flatMap((blocks) => blocks.map(({ buffer }) => buffer as ArrayBuffer)),
  );
}

export class CpuWorkerDied extends Error {
  override readonly name = "CpuWorkerDied";

  constructor() {
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
    port.on("close", () => this.lose());
  }

  lose(): void {
    this.lost = true;
    this.#lifetime.end(new CpuWorkerDied());
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
