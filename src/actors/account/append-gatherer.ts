import type { LogEntry } from "../../domain/account/events.ts";
import type { AppendResult, Log } from "../../store/log.ts";

type Waiting = {
  readonly entry: LogEntry;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};

/** Entries, and bytes of bodies, in one call of the store. */
const mostEntries = 500;
const mostBytes = 10 * 1024 * 1024;

/**
 * Gathers the appends of a shard's accounts: what comes in one turn of the event loop goes to the store in one call,
 * and while `inFlight` calls are under way the rest waits and goes together in the next. An account has at most one
 * append under way, so a call never holds two of the same.
 */
export class AppendGatherer {
  readonly #log: Log;
  readonly #inFlight: number;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(log: Log, inFlight: number) {
    this.#log = log;
    this.#inFlight = inFlight;
  }

  append(entry: LogEntry): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= this.#inFlight) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.#inFlight) void this.#call(this.#take());
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && count < mostEntries) {
      for (const body of this.#waiting[count]!.entry.bodies) bytes += body.length;
      if (bytes > mostBytes && count > 0) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #call(some: readonly Waiting[]): Promise<void> {
    this.#underWay++;
    try {
      const results = await this.#log.append(some.map(({ entry }) => entry));
      for (const [at, { resolve }] of some.entries()) resolve(results[at]!);
    } catch (error) {
      for (const { reject } of some) reject(error);
    } finally {
      this.#underWay--;
      this.#schedule();
    }
  }
}
