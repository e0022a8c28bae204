type Waiting = Map<string, (() => void)[]>;

/** So many of those who are known go before one who is not, where both wait. */
const knownInARow = 3;

/**
 * Lets so many at a time do something. Whoever waits gets a turn after one of each other, however many turns those want:
 * a crowd of one network delays nobody else by more than a turn. Those who are known go before the others, three to one.
 */
export class FairTurns {
  #free: number;
  readonly #known: Waiting = new Map();
  readonly #strangers: Waiting = new Map();
  #row = 0;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** What `work` answers, once it is the turn of `whose`. */
  async take<T>(whose: string, known: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => wait(known ? this.#known : this.#strangers, whose, resolve));
    try {
      return await work();
    } finally {
      // The turn goes straight on to the next: nobody who comes now is before those who wait.
      const next = this.#next();
      if (next) next();
      else this.#free++;
    }
  }

  #next(): (() => void) | undefined {
    const strangersTurn = this.#row >= knownInARow && this.#strangers.size > 0;
    if (this.#known.size > 0 && !strangersTurn) {
      this.#row++;
      return take(this.#known);
    }
    this.#row = 0;
    return take(this.#strangers);
  }
}

function wait(lane: Waiting, whose: string, resolve: () => void): void {
  const waiting = lane.get(whose);
  if (waiting) waiting.push(resolve);
  else lane.set(whose, [resolve]);
}

/** The first of those whose turn is longest ago; they stand behind all others then. */
function take(lane: Waiting): (() => void) | undefined {
  for (const [whose, waiting] of lane) {
    const first = waiting.shift();
    lane.delete(whose);
    if (waiting.length > 0) lane.set(whose, waiting);
    return first;
  }
  return undefined;
}
