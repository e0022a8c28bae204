import type { Cluster, Machine } from "./node.ts";
import { Life } from "./world.ts";

type Trouble = {
  readonly name: string;
  /** After it, what was appended may never have been published, and nobody knows. */
  readonly silences?: boolean;
  readonly strike: () => void;
};

/**
 * Everything that goes wrong, at random moments, in random mixtures: of one history only some kinds, so that each is
 * also met without the others. `heal` ends all of it.
 */
export class Faults {
  readonly #cluster: Cluster;
  readonly #machines: readonly Machine[];
  readonly #life = new Life("faults");
  readonly #repairs = new Set<() => void>();
  #over = false;
  #pace = 1;

  constructor(cluster: Cluster, machines: readonly Machine[]) {
    this.#cluster = cluster;
    this.#machines = machines;
  }

  /** Begins. `pace`: how long everything takes in this history; `lost`: whether a publication may be lost in silence. */
  async begin(pace: number, lost: boolean): Promise<void> {
    this.#pace = pace;
    const { world, mongoFaults, redis } = this.#cluster;
    const { random } = world;
    if (random.chance(0.4)) mongoFaults.replyLost = random.pick([0.002, 0.01, 0.05]);
    if (random.chance(0.3)) mongoFaults.interrupted = random.pick([0.002, 0.01, 0.03]);
    if (random.chance(0.35)) mongoFaults.slowAnswers = random.pick([5, 25]);
    if (random.chance(0.3)) {
      mongoFaults.lag = random.pick([50, 500, 120_000]);
      mongoFaults.lagging = new Set(["snapshots", "parts", "messages"]);
    } else if (random.chance(0.2)) {
      mongoFaults.lag = random.pick([5, 50, 500]);
      mongoFaults.lagging = new Set(["log"]);
    }
    if (random.chance(0.4)) {
      Object.assign(redis.faults, {
        lost: lost ? random.pick([0.05, 0.5]) : 0,
        twice: 0.02,
        late: random.pick([0, 0.1, 0.5]),
      });
    }
    if (random.chance(0.4)) for (const { clocks } of this.#machines) clocks.skew = random.int(-5_000, 5_000);
    const kinds = this.#kinds().filter(({ silences }) => lost || !silences);
    const troubles = random.some(kinds, lost ? 0.4 : 0.8);
    if (troubles.length === 0) return;
    const meanGap = random.pick([20, 60, 200]);
    while (!this.#over) {
      await world.pause(pace * random.wait(meanGap), this.#life);
      if (this.#over) return;
      const trouble = random.pick(troubles);
      world.note(`trouble: ${trouble.name}`);
      trouble.strike();
    }
  }

  heal(): void {
    this.#over = true;
    this.#life.end();
    const { mongoFaults, redis } = this.#cluster;
    Object.assign(mongoFaults, { away: false, replyLost: 0, interrupted: 0, lag: 0, slowAnswers: 0 });
    Object.assign(redis.faults, { lost: 0, twice: 0, late: 0 });
    for (const repair of [...this.#repairs]) repair();
    for (const machine of this.#machines) {
      if (machine.node?.leaving) machine.kill();
      if (!machine.node) machine.start();
    }
    this.#cluster.world.note("all is well again");
  }

  #kinds(): Trouble[] {
    const { random } = this.#cluster.world;
    const machine = (): Machine => random.pick(this.#machines);
    return [
      {
        name: "a node dies",
        silences: true,
        strike: () => {
          const dead = machine();
          dead.kill();
          this.#later(random.pick([5, 50, 200]), () => {
            if (!dead.node) dead.start();
          });
        },
      },
      { name: "a worker dies", silences: true, strike: () => machine().node?.killWorker(random.int(0, 1)) },
      {
        name: "a node leaves",
        silences: true,
        strike: () => {
          const leaving = machine();
          void leaving.node?.leave();
          this.#later(300, () => {
            if (!leaving.node) leaving.start();
          });
        },
      },
      { name: "a node is cut off from the database", silences: true, strike: () => this.#cut(machine().toMongo) },
      { name: "a node is cut off from Redis", silences: true, strike: () => this.#cut(machine().toRedis) },
      {
        name: "a node is cut off from both",
        silences: true,
        strike: () => {
          const { toMongo, toRedis } = machine();
          this.#cut(toMongo);
          this.#cut(toRedis);
        },
      },
      {
        name: "the database is away",
        silences: true,
        strike: () => {
          const { mongoFaults } = this.#cluster;
          mongoFaults.away = true;
          this.#later(random.pick([10, 100, 300]), () => {
            mongoFaults.away = false;
          });
        },
      },
      {
        name: "Redis forgets everything",
        silences: true,
        strike: () => {
          const { redis } = this.#cluster;
          redis.goAway();
          this.#later(random.pick([5, 50, 300]), () => redis.comeBack());
        },
      },
      { name: "a subscription breaks", strike: () => this.#cluster.redis.breakSubscription() },
      {
        name: "the network is slow",
        strike: () => {
          const { toMongo, toRedis } = machine();
          const route = random.pick([toMongo, toRedis]);
          route.slowness = random.pick([10, 100]);
          this.#later(random.pick([50, 200]), () => {
            route.slowness = 1;
          });
        },
      },
      {
        name: "a clock jumps",
        strike: () => {
          machine().clocks.skew = random.pick([-7_200_000, -3_000, 0, 3_000, 7_200_000]);
        },
      },
    ];
  }

  #cut(route: { cuts: number }): void {
    route.cuts++;
    this.#later(this.#cluster.world.random.pick([10, 100, 300]), () => {
      route.cuts--;
    });
  }

  /** After a while about as long as `ms`, or when all is healed, whichever is first. */
  #later(ms: number, repair: () => void): void {
    const once = (): void => {
      if (this.#repairs.delete(once)) repair();
    };
    this.#repairs.add(once);
    this.#cluster.world.after(this.#pace * this.#cluster.world.random.wait(ms), this.#life, once);
  }
}
