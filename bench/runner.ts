import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Failed, Result } from "./results-file.ts";
import { mongoServers, ownServers } from "./servers/catalogue.ts";
import { listening } from "./servers/child.ts";
import { type MongoSetting, startMongoSetting } from "./servers/mongo-setting.ts";
import type { BenchServer, StartServer } from "./servers/server.ts";
import { median } from "./statistics.ts";
import { type Scale, sizesFor, type Values, type Workload, withSizes } from "./workload.ts";

/** Starts servers as workloads ask for them, keeps them for the next, and has them measured in turn: never two at once. */
export class Runner {
  readonly settings: Record<string, readonly string[]> = {};
  /** Servers that could not be started, and why. */
  readonly missing: Record<string, string> = {};
  readonly failed: Failed[] = [];
  readonly #directory: string;
  readonly #names: readonly string[];
  readonly #scale: Scale;
  readonly #running = new Map<string, Promise<BenchServer | null>>();
  #mongo: Promise<MongoSetting> | null = null;
  #stopping = false;

  /** `names`: the servers that are wanted. Those that cannot be started are left out, if `lenient`; else that is an error. */
  constructor(
    directory: string,
    names: readonly string[],
    scale: Scale,
    private readonly lenient: boolean,
    private readonly own: Readonly<Record<string, StartServer>> = ownServers,
  ) {
    this.#directory = directory;
    this.#names = names;
    this.#scale = scale;
  }

  /** Every server in turn; who comes first alternates. Null where none can do it. */
  async measure(workload: Workload, rounds: number): Promise<Result[] | null> {
    const servers = await this.#able(workload);
    if (servers.length === 0) return null;
    const sizes = new Map(servers.map(({ name, pace }) => [name, sizesFor(workload.sizes, this.#scale, pace)]));
    const taken = new Map<string, Values[]>(servers.map(({ name }) => [name, []]));
    const able = new Set<BenchServer>();
    for (const server of servers) {
      const scene = { server, round: 0, sizes: sizes.get(server.name)! };
      if (await this.#done(workload, server, async () => workload.prepare?.(scene))) able.add(server);
    }
    for (let round = 0; round < Math.min(rounds, workload.rounds ?? rounds); round++) {
      for (const server of round % 2 === 0 ? servers : [...servers].reverse()) {
        if (!able.has(server)) continue;
        const done = await this.#done(workload, server, async () => {
          const values = await workload.run({ server, round, sizes: sizes.get(server.name)! });
          taken.get(server.name)!.push(values);
          process.stderr.write(`${workload.name} ${round + 1} ${server.name} ${JSON.stringify(values)}\n`);
        });
        if (!done) able.delete(server);
      }
    }
    return resultsOf(workload, this.#scale, sizes, taken);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const server of this.#running.values()) {
      await server.then((there) => there?.stop()).catch((error: unknown) => console.error(error));
    }
    await this.#mongo?.then((setting) => setting.close()).catch(() => {});
  }

  /** A server that fails is left out of what is left of this workload, and started again for the next; the others go on. */
  async #done(workload: Workload, server: BenchServer, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      this.failed.push({ server: server.name, workload: workload.name, why: (error as Error).message.split("\n")[0]! });
      console.error(`${workload.name} ${server.name}:`, error);
      if (this.#stopping) return false;
      await server
        .restart()
        .then(() => listening(server.ports.imap))
        .catch((again: unknown) => console.error(again));
      return false;
    }
  }

  async #able({ setting = "own", only }: Workload): Promise<BenchServer[]> {
    const adapters = setting === "own" ? this.own : mongoServers;
    const wanted = this.#names.filter((name) => name in adapters && (only?.includes(name) ?? true));
    const found: BenchServer[] = [];
    for (const name of wanted) {
      const server = await this.#server(name, setting);
      if (server !== null) found.push(server);
    }
    return found;
  }

  #server(name: string, setting: "own" | "mongodb"): Promise<BenchServer | null> {
    const key = setting === "own" ? name : `${name} on mongodb`;
    let server = this.#running.get(key);
    if (server === undefined) {
      server = this.#start(name, setting, key);
      this.#running.set(key, server);
    }
    return server;
  }

  async #start(name: string, setting: "own" | "mongodb", key: string): Promise<BenchServer | null> {
    const directory = join(this.#directory, key.replaceAll(" ", "-"));
    mkdirSync(directory);
    try {
      const server =
        setting === "own"
          ? await this.own[name]!(directory)
          : await mongoServers[name]!(directory, await this.#mongoSetting());
      this.settings[key] = server.settings;
      return server;
    } catch (error) {
      if (!this.lenient || name === "eider") throw error;
      this.missing[key] = (error as Error).message.split("\n").at(0)!;
      console.error(`${key} is not measured: ${(error as Error).message}`);
      return null;
    }
  }

  #mongoSetting(): Promise<MongoSetting> {
    this.#mongo ??= startMongoSetting();
    return this.#mongo;
  }
}

function resultsOf(
  { name, title, sizes: described, figures }: Workload,
  scale: Scale,
  sizes: ReadonlyMap<string, Readonly<Record<string, number>>>,
  taken: ReadonlyMap<string, readonly Values[]>,
): Result[] {
  const usual = sizesFor(described, scale, "usual");
  return Object.entries(figures).flatMap(([figure, { what, unit, better, per, aim }]) => {
    const servers = [...taken].flatMap(([server, rounds]) => {
      const raw = rounds.map((values) => values[figure]).filter((value) => value !== undefined);
      return raw.length === 0 ? [] : [[server, { median: median(raw), raw, sizes: sizes.get(server)! }] as const];
    });
    if (servers.length === 0) return [];
    return {
      workload: name,
      title: withSizes(title, usual),
      figure,
      what: withSizes(what, usual),
      ...{ unit, better },
      ...(per === undefined ? {} : { per }),
      ...(aim === undefined ? {} : { aim }),
      servers: Object.fromEntries(servers),
    };
  });
}
