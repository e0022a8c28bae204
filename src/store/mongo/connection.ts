import { type CommandStartedEvent, type Db, MongoClient, MongoNetworkError, ReadConcern } from "mongodb";
import { Lifetime } from "../../actors/runtime/lifetime.ts";
import { StoreUnavailable } from "../log.ts";
import { watchForLostReplies } from "./lost-replies.ts";
import { guarded } from "./unavailable.ts";

/**
 * What a write must reach before it counts: the journals of a majority. An object on the database handle, because a `w`
 * in the URL would otherwise win without anybody noticing; a test reads it off the wire.
 */
export const durable = { w: "majority", j: true } as const;

export type ConnectionOptions = {
  readonly url: string;
  readonly database: string;
  /** Hears every command that goes out, retries included. */
  readonly onCommand?: (command: CommandStartedEvent) => void;
  /** How long a call waits for a primary, milliseconds: 4 s unless told. */
  readonly patience?: number;
};

/** What the ports work with. */
export type Link = {
  readonly db: Db;
  /** Does `run`; where the database is away, or goes away meanwhile, throws `StoreUnavailable: Cannot {action}: …`. */
  during<T>(action: string, run: () => Promise<T>): Promise<T>;
};

export type Connection = Link & {
  /** Commands sent so far, retries and further batches of cursors included. */
  roundTrips(): number;
  /** Round trip in milliseconds; throws `StoreUnavailable`. */
  ping(): Promise<number>;
  close(): Promise<void>;
};

/**
 * One client for one worker. That a server is gone is noticed by the driver's monitor within seconds, which ends the
 * calls that wait for it: so a slow bulk write is not cut off, and a dead server does not hold a caller for long.
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { url, database, onCommand, patience = 4_000 } = options;
  const client = new MongoClient(url, {
    appName: "eider",
    monitorCommands: true,
    writeConcern: durable,
    // What a minority's primary knows may be rolled back; an actor must never fold such an entry into its state.
    readConcern: { level: "majority" },
    readPreference: "primary",
    // Safe: what is inserted carries its own identity, so a second send is recognised.
    retryWrites: true,
    retryReads: true,
    ignoreUndefined: true,
    promoteBuffers: true,
    maxPoolSize: 20,
    serverSelectionTimeoutMS: patience,
    waitQueueTimeoutMS: patience + 1_000,
    connectTimeoutMS: 3_000,
    heartbeatFrequencyMS: 2_000,
    minHeartbeatFrequencyMS: 200,
  });
  const db = client.db(database, {
    writeConcern: durable,
    readConcern: new ReadConcern("majority"),
    readPreference: "primary",
  });
  let sent = 0;
  client.on("commandStarted", (command) => {
    sent++;
    onCommand?.(command);
  });

  /** Until the calls of now lose their connections. */
  let unbroken = new Lifetime();
  let connected: Promise<unknown> | null = null;
  let closed = false;

  async function during<T>(action: string, run: () => Promise<T>): Promise<T> {
    if (closed) throw new StoreUnavailable(`Cannot ${action}: the connection is closed`, { kept: "no" });
    return await guarded(action, async () => {
      await ready();
      return await unbroken.during(run());
    });
  }

  async function ready(): Promise<void> {
    connected ??= client.connect();
    const attempt = connected;
    try {
      await attempt;
    } catch (error) {
      if (connected === attempt) connected = null;
      throw error;
    }
  }

  /** Gives up every connection; the next call makes new ones. */
  function startOver(): void {
    if (closed) return;
    const lost = unbroken;
    unbroken = new Lifetime();
    lost.end(new MongoNetworkError("the connection was lost"));
    connected = client.close().then(() => client.connect());
    connected.catch(() => {
      connected = null;
    });
  }

  const stopWatching = watchForLostReplies(client, startOver);
  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    stopWatching();
    unbroken.end(new MongoNetworkError("the connection is closed"));
    await connected?.catch(() => {});
    await client.close();
  }

  try {
    await during("reach MongoDB", async () => {});
  } catch (error) {
    await close();
    throw error;
  }
  return {
    db,
    during,
    roundTrips: () => sent,
    async ping() {
      const began = performance.now();
      await during("ping MongoDB", () => db.command({ ping: 1 }));
      return performance.now() - began;
    },
    close,
  };
}
