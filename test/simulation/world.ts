import { drainMicrotasks } from "bun:jsc";
import type { Clock } from "../../src/actors/runtime/clock.ts";
import { Random } from "./random.ts";

/** A process, a thread or a client: what belongs to it happens only while it lives. */
export class Life {
  readonly name: string;
  readonly #within: Life | null;
  #ended = false;

  constructor(name: string, within: Life | null = null) {
    this.name = name;
    this.#within = within;
  }

  get ended(): boolean {
    return this.#ended || (this.#within?.ended ?? false);
  }

  /** Here and now, wherever its functions stand: no promise they wait for is ever kept. */
  end(): void {
    this.#ended = true;
  }
}

type Planned = { readonly at: number; readonly order: number; readonly life: Life; run: (() => void) | null };

/**
 * Simulated time. One thing happens at a time; between two of them every promise that can be kept is kept, and nothing
 * else moves: so a history follows from its seed alone.
 */
export class World {
  readonly random: Random;
  /** What happened, in order, as a number: equal for equal histories. */
  fingerprint = 0x811c9dc5;
  readonly trace: string[] | null;
  steps = 0;
  /** Milliseconds since its beginning. */
  time = 0;
  readonly #plan: Planned[] = [];
  #order = 0;
  /** What was thrown where nobody catches. */
  readonly faults: unknown[] = [];

  constructor(seed: number, traced = false) {
    this.random = new Random(seed);
    this.trace = traced ? [] : null;
  }

  note(text: string): void {
    let hash = this.fingerprint;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    this.fingerprint = Math.imul(hash ^ Math.floor(this.time * 1000), 0x01000193) >>> 0;
    this.trace?.push(`${this.time.toFixed(3).padStart(12)} ${text}`);
  }

  /** Calls `run` in `ms`, if `life` still lasts then. The returned function forgets it. */
  after(ms: number, life: Life, run: () => void): () => void {
    const planned: Planned = { at: this.time + Math.max(0, ms), order: this.#order++, life, run };
    this.#push(planned);
    return () => {
      planned.run = null;
    };
  }

  /** Resolves in `ms`; never, where `life` has ended by then. */
  pause(ms: number, life: Life): Promise<void> {
    return new Promise((resolve) => void this.after(ms, life, resolve));
  }

  /** Goes on until `done`, or until nothing is left to happen, or until `deadline`. False where it is not done. */
  run(done: () => boolean, deadline: number): boolean {
    drainMicrotasks();
    while (!done()) {
      const next = this.#pop();
      if (!next || next.at > deadline) return false;
      this.time = next.at;
      if (!next.run || next.life.ended) continue;
      this.steps++;
      try {
        next.run();
      } catch (error) {
        this.faults.push(error);
      }
      drainMicrotasks();
    }
    return true;
  }

  #push(planned: Planned): void {
    const plan = this.#plan;
    let at = plan.length;
    plan.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(planned, plan[parent]!)) break;
      plan[at] = plan[parent]!;
      at = parent;
    }
    plan[at] = planned;
  }

  #pop(): Planned | undefined {
    const plan = this.#plan;
    const first = plan[0];
    const last = plan.pop();
    if (!first || !last || plan.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= plan.length) break;
      if (child + 1 < plan.length && before(plan[child + 1]!, plan[child]!)) child++;
      if (!before(plan[child]!, last)) break;
      plan[at] = plan[child]!;
      at = child;
    }
    plan[at] = last;
    return first;
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A machine's clocks. The one that tells the date may be wrong and may jump; the other only goes on. */
export class SimulatedClock implements Clock {
  readonly #world: World;
  readonly #life: Life;
  readonly #machine: { skew: number };

  constructor(world: World, life: Life, machine: { skew: number }) {
    this.#world = world;
    this.#life = life;
    this.#machine = machine;
  }

  now(): number {
    return Math.floor(epoch + this.#world.time + this.#machine.skew);
  }

  monotonic(): number {
    return this.#world.time;
  }

  after(ms: number, run: () => void): () => void {
    return this.#world.after(ms, this.#life, run);
  }
}

/** When every history begins. */
const epoch = Date.UTC(2026, 0, 1);
