import type { MessagePort } from "node:worker_threads";
import type { Workers, WorkersOptions } from "../../src/actors/runtime/worker-pool.ts";
import { Life, type World } from "./world.ts";

/** Two ends of a channel between threads of one process. What crosses is shared: both sides take it for read-only. */
export function channel(world: World, process: Life): { port1: MessagePort; port2: MessagePort } {
  const [port1, port2] = [new SimulatedPort(world, process), new SimulatedPort(world, process)];
  port1.peer = port2;
  port2.peer = port1;
  return { port1: port1 as unknown as MessagePort, port2: port2 as unknown as MessagePort };
}

class SimulatedPort {
  peer: SimulatedPort = this;
  /** Whose end it is; a worker's end is given to it when it begins. */
  life: Life;
  readonly #world: World;
  readonly #held: unknown[] = [];
  #listener: ((message: unknown) => void) | null = null;
  #lastArrival = 0;

  constructor(world: World, life: Life) {
    this.#world = world;
    this.life = life;
  }

  on(event: string, listener: (message: unknown) => void): void {
    if (event !== "message") return;
    this.#listener = listener;
    for (const message of this.#held.splice(0)) listener(message);
  }

  postMessage(message: unknown): void {
    const { peer } = this;
    const arrival = Math.max(this.#lastArrival, this.#world.time + 0.01 + this.#world.random.fraction() * 0.1);
    this.#lastArrival = arrival;
    this.#world.after(arrival - this.#world.time, peer.life, () => peer.#arrived(message));
  }

  #arrived(message: unknown): void {
    if (this.#listener) this.#listener(message);
    else this.#held.push(message);
  }

  close(): void {}
}

/** Threads that die and are replaced, as `WorkerPool` does it. */
export class SimulatedWorkers<Start extends { port: MessagePort }> implements Workers {
  readonly #world: World;
  readonly #process: Life;
  readonly #options: WorkersOptions<Start>;
  readonly #live: (start: Start, life: Life, worker: number) => void;
  readonly lives: Life[] = [];

  constructor(
    world: World,
    process: Life,
    options: WorkersOptions<Start>,
    live: (start: Start, life: Life, worker: number) => void,
  ) {
    this.#world = world;
    this.#process = process;
    this.#options = options;
    this.#live = live;
    for (let worker = 0; worker < options.size; worker++) this.#begin(worker);
  }

  #begin(worker: number): void {
    const life = new Life(`${this.#process.name}/${worker}`, this.#process);
    this.lives[worker] = life;
    const { start } = this.#options.lifeFor(worker);
    (start.port as unknown as SimulatedPort).life = life;
    this.#world.after(1 + this.#world.random.wait(3), life, () => this.#live(start, life, worker));
  }

  async kill(worker: number): Promise<void> {
    const life = this.lives[worker]!;
    if (life.ended) return;
    this.#world.note(`${life.name} dies`);
    life.end();
    this.#world.after(this.#world.random.wait(5), this.#process, () => {
      this.#options.died(worker, new Error("the worker ended"));
      this.#world.after(50, this.#process, () => this.#begin(worker));
    });
  }

  async close(): Promise<void> {
    for (const life of this.lives) life.end();
  }
}
