/**
 * How long something lasts that calls depend on and that may end before they do: a connection, a worker. A call that is
 * over leaves nothing behind. `Promise.race` against a promise of the end would keep every answer for as long as the thing
 * lasts: what waits for a promise is held by it until it settles, and holds what the race has answered.
 */
export class Lifetime {
  readonly #calls = new Set<(error: Error) => void>();
  #over: Error | null = null;

  /** What `work` answers, or the error of the end where that comes first. */
  during<T>(work: Promise<T>): Promise<T> {
    const over = this.#over;
    if (over) work.catch(() => {}); // answered here already
    return over
      ? Promise.reject(over)
      : new Promise<T>((resolve, reject) => {
          this.#calls.add(reject);
          const done = (): void => void this.#calls.delete(reject);
          work.then(resolve, reject).then(done, done);
        });
  }

  /** It is over: calls under way, and those to come, fail with `error`. Only the first end counts. */
  end(error: Error): void {
    if (this.#over) return;
    this.#over = error;
    for (const reject of this.#calls) reject(error);
    this.#calls.clear();
  }
}
