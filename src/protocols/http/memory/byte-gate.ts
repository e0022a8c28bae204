import type { Clock } from "../../../actors/runtime/clock.ts";
import { HttpFailure } from "../failure.ts";

/** How long somebody waits for room, milliseconds, and how many may. */
const patience = 10_000;
const mostWaiting = 200;

/** Bytes somebody may hold until they say that they no longer do. */
export interface Lease {
  /**
   * Holds more or fewer bytes from now on.
   *
   * @throws HttpFailure 503 where there is no room for so many more
   */
  resize(bytes: number): void;
  /** May be called again. */
  release(): void;
}

/**
 * Large bodies and answers that are in memory at one time, by their bytes: who asks for more room than there is waits a
 * moment, and then is told to come back. Nobody alone gets more than half of the room, unless it is for one thing.
 */
export class ByteGate {
  readonly #capacity: number;
  readonly #clock: Clock;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  #free: number;

  constructor(capacity: number, clock: Clock) {
    this.#capacity = capacity;
    this.#free = capacity;
    this.#clock = clock;
  }

  /**
   * Room for so many bytes; more than there is in all counts as all there is. `whose`: the account it is for.
   *
   * @throws HttpFailure 503 where there is none in time
   */
  take(bytes: number, whose: string): Promise<Lease> {
    const wanted = Math.min(bytes, this.#capacity);
    if (this.#waiting.size === 0 && this.#fits(wanted, whose) === "now") {
      return Promise.resolve(this.#lease(wanted, whose));
    }
    if (this.#waiting.size >= mostWaiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { bytes: wanted, whose, admit: () => {} };
      const forget = this.#clock.after(patience, () => {
        this.#waiting.delete(waiting);
        reject(busy());
        this.#admitWaiting();
      });
      waiting.admit = () => {
        forget();
        resolve(this.#lease(wanted, whose));
      };
      this.#waiting.add(waiting);
      this.#admitWaiting();
    });
  }

  #fits(bytes: number, whose: string): "now" | "not for them" | "not for anybody" {
    const held = this.#held.get(whose) ?? 0;
    if (held > 0 && held + bytes > this.#capacity / 2) return "not for them";
    return bytes <= this.#free ? "now" : "not for anybody";
  }

  #hold(bytes: number, whose: string): void {
    this.#free -= bytes;
    const held = (this.#held.get(whose) ?? 0) + bytes;
    if (held > 0) this.#held.set(whose, held);
    else this.#held.delete(whose);
  }

  #lease(taken: number, whose: string): Lease {
    let bytes = taken;
    this.#hold(bytes, whose);
    const resize = (wanted: number): void => {
      const more = Math.min(wanted, this.#capacity) - bytes;
      const others = (this.#held.get(whose) ?? 0) - bytes;
      if (more > 0 && (more > this.#free || (others > 0 && others + wanted > this.#capacity / 2))) throw busy();
      bytes += more;
      this.#hold(more, whose);
      if (more < 0) this.#admitWaiting();
    };
    return { resize, release: () => resize(0) };
  }

  /** In the order they came; whoever has enough already is passed over. */
  #admitWaiting(): void {
    for (const waiting of [...this.#waiting]) {
      const fits = this.#fits(waiting.bytes, waiting.whose);
      if (fits === "not for anybody") return;
      if (fits === "not for them") continue;
      this.#waiting.delete(waiting);
      waiting.admit();
    }
  }
}

type Waiting = { readonly bytes: number; readonly whose: string; admit: () => void };

const busy = () =>
  new HttpFailure(503, "ServerBusy", "The server holds too much at the moment, try again later", { retryAfter: 5 });
