import type { Clock } from "./clock.ts";
import { Turns } from "./turns.ts";

/** Long enough to get on, short enough that nobody notices: milliseconds. */
const slice = 5;

/**
 * Long computations on a thread that serves others, in slices: one at a time, each followed by whatever else has come in
 * meanwhile. A short one is done at once.
 */
export class TimeSlices {
  readonly #clock: Clock;
  readonly #turns = new Turns(1);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `work` returns; it yields where it may be interrupted, and should do so about every millisecond. */
  async run<T>(work: Iterator<unknown, T>): Promise<T> {
    for (;;) {
      const step = await this.#turns.take(() => this.#slice(work));
      if (step.done) return step.value;
    }
  }

  /** Lets others come first: for work that is done in steps as long as a slice, or longer. */
  async rest(): Promise<void> {
    await this.#turns.take(() => new Promise<void>((resolve) => void this.#clock.after(0, resolve)));
  }

  async #slice<T>(work: Iterator<unknown, T>): Promise<IteratorResult<unknown, T>> {
    const end = this.#clock.monotonic() + slice;
    for (;;) {
      const step = work.next();
      if (step.done) return step;
      if (this.#clock.monotonic() < end) continue;
      await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
      return step;
    }
  }
}
