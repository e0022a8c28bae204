/**
 * What so many accounts need, by arithmetic from sizes that were measured: `bun tools/scaling-model.ts` prints the tables of
 * docs/scaling.md. Bytes unless a name says otherwise.
 */
export const measured = {
  // test/nodes/document-sizes.ts, of what a node wrote to MongoDB's wire.
  delivery: 467,
  flagChange: 357,
  record: 2398,
  statePerMessage: 36,
  user: 569,
  address: 137,
  // docs/performance.md.
  session: 10_200,
  node: 115e6,
  // src/actors/account/resident.ts: what an active account is counted as.
  activeAccount: 16_384,
  activePerMessage: 40,
  // src/store/mongo/connection.ts, at most for each worker, and the driver's monitor.
  pool: 20,
};

/** Estimates, not measured: what an index entry takes, with its share of a page; how well pages compress. */
export const assumed = { indexEntry: 40, compression: 0.6, replicas: 3, shardBytes: 2e12, perNodeSessions: 15_000 };

export type Profile = {
  readonly accounts: number;
  readonly messages: number;
  readonly messageBytes: number;
  readonly deliveriesADay: number;
  readonly flagChangesADay: number;
  /** Part of the accounts with a session open, and sessions of each. */
  readonly online: number;
  readonly sessions: number;
  /** The busiest second over the average one. */
  readonly peak: number;
  readonly workers: number;
};

export const usual: Omit<Profile, "accounts"> = {
  messages: 5000,
  messageBytes: 75_000,
  deliveriesADay: 40,
  flagChangesADay: 60,
  online: 0.2,
  sessions: 2,
  peak: 4,
  workers: 4,
};

/** Everything an account has in the database, and what the whole is then. */
export function model(profile: Profile) {
  const { accounts, messages, deliveriesADay, flagChangesADay, peak, workers } = profile;
  const log = messages * (measured.delivery + profile.messageBytes);
  const records = messages * (measured.record + 2 * assumed.indexEntry);
  const state = messages * measured.statePerMessage;
  const directory = measured.user + measured.address + 5 * assumed.indexEntry;
  const logIndex = 2 * messages * assumed.indexEntry;
  const perAccount = log + records + state + directory + logIndex;
  const stored = perAccount * accounts * assumed.compression;
  const changes = (accounts * (deliveriesADay + flagChangesADay)) / 86_400;
  const sessions = accounts * profile.online * profile.sessions;
  const nodes = Math.max(3, Math.ceil(sessions / assumed.perNodeSessions));
  const active = (accounts * profile.online) / nodes;
  return {
    perAccount,
    stored,
    onDisks: stored * assumed.replicas,
    shards: Math.max(1, Math.ceil(stored / assumed.shardBytes)),
    indexBytes: accounts * (logIndex + messages * 2 * assumed.indexEntry + 5 * assumed.indexEntry),
    deliveries: (accounts * deliveriesADay * peak) / 86_400,
    changes: changes * peak,
    sessions,
    nodes,
    nodeMemory:
      measured.node +
      assumed.perNodeSessions * measured.session +
      active * (measured.activeAccount + messages * measured.activePerMessage),
    connections: nodes * workers * measured.pool,
    // Every change goes once to Redis and from there to each node that watches: all of a user's sessions elsewhere.
    redisIn: changes * peak * measured.delivery,
    redisOut: changes * peak * measured.delivery * Math.min(profile.sessions, nodes) * profile.online,
    directoryBytes: accounts * directory,
  };
}

const names: Readonly<Record<keyof ReturnType<typeof model>, string>> = {
  perAccount: "bytes of an account, before compression",
  stored: "bytes stored, one copy, compressed",
  onDisks: "bytes on disks, three copies",
  shards: "shards of 2 TB",
  indexBytes: "bytes of index entries",
  deliveries: "deliveries a second, at the peak",
  changes: "changes a second (appends), at the peak",
  sessions: "sessions open",
  nodes: "processes of 15,000 sessions",
  nodeMemory: "bytes of memory of a process",
  connections: "connections to the database, at most",
  redisIn: "bytes a second to Redis, at the peak",
  redisOut: "bytes a second from Redis, at the peak",
  directoryBytes: "bytes of users and addresses, indexes included",
};

/** The table of docs/scaling.md. */
export function table(): string {
  const sizes = [10_000, 1_000_000, 100_000_000];
  const results = sizes.map((accounts) => model({ accounts, ...usual }));
  return [
    `| accounts | ${sizes.map((accounts) => accounts.toLocaleString("en-US")).join(" | ")} |`,
    `| --- |${" --- |".repeat(sizes.length)}`,
    ...(Object.keys(names) as (keyof typeof names)[]).map(
      (name) => `| ${names[name]} | ${results.map((result) => shown(result[name])).join(" | ")} |`,
    ),
  ].join("\n");
}

if (import.meta.main) console.log(table());

/** Three digits and a prefix: 4.67 k. */
export function shown(value: number): string {
  const prefixes = ["", " k", " M", " G", " T", " P"];
  let at = 0;
  while (value >= 999.5 && at < prefixes.length - 1) {
    value /= 1000;
    at++;
  }
  return `${Number(value.toPrecision(3))}${prefixes[at]}`;
}
