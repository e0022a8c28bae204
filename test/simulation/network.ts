import type { World } from "./world.ts";

/** A way between two machines: how long things take on it, and whether anything gets through. */
export class Route {
  readonly #world: World;
  /** Nothing gets through while this is above 0. */
  cuts = 0;
  /** Times slower than usual. */
  slowness = 1;

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
}

/** One connection on it: what is sent does not overtake what was sent before. */
export class Stream {
  readonly #world: World;
  readonly #route: Route;
  #lastArrival = 0;

  constructor(world: World, route: Route) {
    this.#world = world;
    this.#route = route;
  }

  /** Milliseconds for one crossing. */
  delay(): number {
    const arrival = Math.max(this.#lastArrival, this.#world.time + this.#route.delay());
    this.#lastArrival = arrival;
    return arrival - this.#world.time;
  }
}
