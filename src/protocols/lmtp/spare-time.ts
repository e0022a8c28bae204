import type { Clock } from "../../actors/runtime/clock.ts";

/** A turn, and how much of it may be spent, milliseconds. */
const turn = 10;
const allowance = 1;

/**
 * Does what costs time and helps nobody as far as a tenth of the time goes, in order: the rest waits for the next turns.
 * Saying no costs a good part of what saying yes costs; were it said as often as somebody asks, nothing else would be done.
 */
export class SpareTime {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #spent = 0;
  #ticking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `work` now or a little later. */
  do(work: () => void): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#spend();
    if (!this.#ticking) this.#tick();
  }

  #tick(): void {
    this.#ticking = this.#spent > 0;
    if (!this.#ticking) return;
    this.#clock.after(turn, () => {
      this.#spent = Math.max(0, this.#spent - allowance);
      this.#spend();
      this.#tick();
    });
  }

  #spend(): void {
    let done = 0;
    try {
      while (done < this.#waiting.length && this.#spent < allowance) {
        const begun = this.#clock.monotonic();
        this.#waiting[done++]!();
        // However quick: a clock may be coarse.
        this.#spent += Math.max(least, this.#clock.monotonic() - begun);
      }
    } finally {
      this.#waiting.splice(0, done);
    }
  }
}

const least = 0.01;
