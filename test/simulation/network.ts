import type { World } from "./world.ts";

/** A way between two machines: how long things take on it, and whether anything gets through. */
export class Route {
  readonly #world: World;
  /** Nothing gets through while this is above 0. */
  cuts = 0;
  /** Times slower than usual. */
  slowness = 1;
  #lastArrival = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get cut(): boolean {
    return this.cuts > 0;
  }

  /** Milliseconds for one crossing. */
  delay(): number {
    const { random } = this.#world;
    // Most are quick; one in thirty has been held up somewhere.
    return (random.chance(0.03) ? random.wait(20) : 0.05 + random.wait(0.3)) * this.slowness;
  }

  /** The same for what must not overtake what went before it: octets of one connection. */
  inOrder(): number {
    const arrival = Math.max(this.#lastArrival, this.#world.time + this.delay());
    this.#lastArrival = arrival;
    return arrival - this.#world.time;
  }
}
