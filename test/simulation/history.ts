import { usualPace } from "../../src/actors/account/shard-pace.ts";
import type { AccountId } from "../../src/domain/ids.ts";
import { deleteUser } from "./admin.ts";
import { checkHistory } from "./check.ts";
import { Faults } from "./faults.ts";
import { ImapClient } from "./imap-client.ts";
import { Ledger } from "./ledger.ts";
import { latestArrival } from "./mongo-client.ts";
import { MongoServer } from "./mongo-server.ts";
import { Mta } from "./mta.ts";
import { type Cluster, Machine, type Node } from "./node.ts";
import { Pop3Client } from "./pop3-client.ts";
import { RedisServer } from "./redis.ts";
import { Life, World } from "./world.ts";

export type Verdict = {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Equal for equal histories. */
  readonly fingerprint: number;
  readonly steps: number;
  readonly entries: number;
  readonly trace: readonly string[] | null;
};

export type User = { readonly user: string; readonly account: AccountId };

const fortnight = 14 * 86_400_000;
/** Keywords of one account that tests may use up. */
const mostKeywords = 24;

/**
 * One simulated history, from a seed: nodes, users, their clients, an MTA, and whatever goes wrong; then all is
 * repaired, everybody looks once more, and what they were told is held against what the store holds.
 */
export function simulate(seed: number, options: { traced?: boolean } = {}): Verdict {
  const history = new History(seed, options.traced ?? false);
  history.run();
  const { ledger, world, entries } = history;
  return {
    seed,
    violations: [...new Set(ledger.violations)],
    fingerprint: world.fingerprint,
    steps: world.steps,
    entries,
    trace: world.trace,
  };
}

export class History {
  readonly world: World;
  readonly ledger = new Ledger((text) => this.world.note(text));
  readonly mongo = new MongoServer();
  readonly users: User[] = [];
  /** No new sessions and messages; those there are come to their end. */
  closing = false;
  /** How long everything takes, troubles too: most histories are short and dense, a few long. */
  readonly pace: number;
  /** Whether a publication may be lost without anybody knowing. */
  readonly hintsAreLost: boolean;
  entries = 0;
  readonly machines: Machine[] = [];
  readonly cluster: Cluster;
  readonly #life = new Life("history");
  readonly #folders = new Map<AccountId, string[]>();
  readonly #keywords = new Map<AccountId, number>();

  constructor(seed: number, traced: boolean) {
    this.world = new World(seed, traced);
    const { random } = this.world;
    this.pace = random.chance(0.03) ? 10 : random.chance(0.1) ? 3 : 1;
    this.hintsAreLost = random.chance(0.75);
    this.cluster = {
      world: this.world,
      mongo: this.mongo,
      mongoFaults: { away: false, replyLost: 0, interrupted: 0, lag: 0, lagging: new Set(), slowAnswers: 0 },
      redis: new RedisServer(this.world),
      memory: random.chance(0.25) ? 1 : 64 * 1024 * 1024,
      workers: random.pick([1, 1, 1, 2]),
      ...this.#upkeep(),
      alarm: (node, text, fields) => this.#alarm(node, text, fields),
    };
  }

  /** Mostly as usual, when no history lasts long enough for it; else snapshots and bases are made all the time. */
  #upkeep(): Pick<Cluster, "pace" | "retention" | "logRetention"> {
    const { random } = this.world;
    // Where none is lost in silence, reading is right without any poll.
    const usual = this.hintsAreLost ? { ...usualPace } : { ...usualPace, poll: 600_000, pollWithoutHints: 600_000 };
    if (random.chance(0.75)) return { pace: usual, retention: fortnight, logRetention: fortnight };
    const often = { ...usual, tick: 20, quiet: random.pick([0, 20]), entriesPerSnapshot: 3, entriesPerBase: 4 };
    return {
      pace: { ...often, tick: often.tick * this.pace, quiet: often.quiet * this.pace },
      retention: random.pick([10, 100, fortnight]) * this.pace,
      logRetention: random.pick([1, 40]) * this.pace,
    };
  }

  run(): void {
    const { world, ledger } = this;
    const { random } = world;
    let finished = false;
    this.#live().then(
      () => {
        finished = true;
      },
      (error: Error) => {
        ledger.violate(`the history broke off: ${error.stack}`);
        finished = true;
      },
    );
    const inTime = world.run(() => finished, 600_000 + random.int(0, 1));
    if (!inTime) ledger.violate("somebody waits for ever");
    for (const fault of world.faults) ledger.violate(`thrown at nobody: ${(fault as Error).stack ?? fault}`);
  }

  async #live(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const nodes = random.pick([2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5]);
    for (let n = 1; n <= nodes; n++) this.machines.push(new Machine(this.cluster, `node${n}`));
    await Promise.all(this.machines.map((machine) => machine.node!.ready));
    await this.#addUsers(random.chance(0.01) ? 20 : random.pick([1, 1, 1, 1, 1, 2, 2, 3, 5]));
    if (random.chance(0.4)) await this.#settleIn();

    const clients = this.#clients();
    const mta = new Mta(this);
    const faults = new Faults(this.cluster, this.machines);
    const gap = this.pace * random.pick([15, 40, 150]);
    const ended = Promise.all([...clients.map((client) => client.live()), mta.live(gap)]);
    void faults.begin(this.pace, this.hintsAreLost);
    const deletion = this.users.length > 1 && random.chance(0.3) ? this.#deleteSomebody() : null;
    await world.pause(this.pace * random.pick([60, 120, 250]), this.#life);

    this.closing = true;
    if (random.chance(0.1)) await world.pause(random.wait(10_000), this.#life);
    faults.heal();
    // From here on nothing is to happen by itself.
    this.cluster.pace.tick = usualPace.poll / 2;
    Object.assign(this.cluster, { retention: fortnight, logRetention: fortnight });
    await ended;
    await deletion;
    while (mta.underWay > 0) await world.pause(500, this.#life);
    // What was under way arrives, polls come round, writers catch up.
    await world.pause(latestArrival + 1.5 * usualPace.poll + 500, this.#life);
    this.entries = await checkHistory(
      this,
      clients.filter((client) => client instanceof ImapClient),
    );
  }

  #clients(): (ImapClient | Pop3Client)[] {
    const { random } = this.world;
    const clients: (ImapClient | Pop3Client)[] = [];
    for (const { user, account } of this.users) {
      const count = this.users.length > 4 ? random.int(0, 1) : random.pick([1, 2, 2, 3]);
      for (let n = 1; n <= count; n++) clients.push(new ImapClient(this, `${user.split("@")[0]}.${n}`, user, account));
      if (random.chance(0.3)) clients.push(new Pop3Client(this, `${user.split("@")[0]}.pop`, user, account));
    }
    return clients;
  }

  async #addUsers(count: number): Promise<void> {
    const { directory } = this.machines[0]!.node!.services!;
    for (let n = 1; n <= count; n++) {
      const username = `u${n}@example.com`;
      const made = await directory.createUser({ username, password: "secret" });
      if (!made.ok) throw new Error(`Cannot add ${username}: ${made.why}`);
      this.users.push({ user: username, account: made.user.id });
    }
  }

  /** Every node has known every account for a while: what it hears of them it relies on. */
  async #settleIn(): Promise<void> {
    for (let n = 0; n < 2; n++) {
      const asked = this.machines.flatMap(({ node }) =>
        this.users.map(({ account }) => node!.services!.accounts.ask(account, { kind: "mailboxes" })),
      );
      await Promise.all(asked);
      if (n === 0) await this.world.pause(1_100, this.#life);
    }
  }

  async #deleteSomebody(): Promise<void> {
    const { random } = this.world;
    const user = random.pick(this.users);
    await this.world.pause(this.pace * random.wait(100), this.#life);
    await deleteUser(this, user);
  }

  /** A node that a balancer would choose. */
  someNode(): Node | null {
    const up = this.machines.filter(({ node }) => node?.services && !node.leaving);
    return up.length > 0 ? this.world.random.pick(up).node : null;
  }

  /** Folders somebody made, and INBOX. */
  foldersOf(account: AccountId): readonly string[] {
    return ["INBOX", ...(this.#folders.get(account) ?? [])];
  }

  noteFolder(account: AccountId, before: string | null, after: string | null): void {
    const folders = this.foldersOf(account).filter((name) => name !== "INBOX" && name !== before);
    this.#folders.set(account, after === null ? folders : [...folders, after]);
  }

  newKeyword(account: AccountId): string | null {
    const used = this.#keywords.get(account) ?? 0;
    if (used >= mostKeywords) return null;
    this.#keywords.set(account, used + 1);
    return `K${used + 1}`;
  }

  #alarm(node: string, text: string, fields: object): void {
    const { err } = fields as { err?: Error };
    this.world.note(`${node} says: ${text} ${err?.message ?? ""}`);
    // A worker's death is our own doing; everything else that is called an error is one.
    if (!text.startsWith("shard worker")) this.ledger.violate(`${node} says: ${text}: ${err?.stack ?? ""}`);
  }
}
