/** Long enough to get on, short enough that nobody notices: milliseconds. */
const slice = 5;

/**
 * Begins requests as they come. Of a burst, as many as fit into a slice are begun in one turn of the event loop and the
 * others in the next ones, in order, so that what came on other connections meanwhile is looked at in between.
 */
export class RequestSlices {
  readonly #waiting: (() => void)[] = [];
  /** When this turn's slice ends; null: nothing has been begun in it. */
  #until: number | null = null;

  /** Calls `begin`, which does not throw: now, or when its slice has come. */
  add(begin: () => void): void {
    this.#waiting.push(begin);
    if (this.#waiting.length === 1) this.#go();
  }

  #go(): void {
    if (this.#until === null) {
      this.#until = performance.now() + slice;
      setImmediate(() => {
        this.#until = null;
        if (this.#waiting.length > 0) this.#go();
      });
    }
    let begun = 0;
    while (begun < this.#waiting.length && performance.now() < this.#until) this.#waiting[begun++]!();
    this.#waiting.splice(0, begun);
  }
}
