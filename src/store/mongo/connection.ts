import { type CommandStartedEvent, type Db, MongoClient, ReadConcern } from "mongodb";
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
  /** How long a call waits for a primary: 4 s unless told. */
  readonly patience?: number;
};

export type Connection = {
  readonly db: Db;
  /** Commands sent so far, retries and further batches of cursors included. */
  roundTrips(): number;
  /** Round trip in milliseconds; throws `StoreUnavailable`. */
  ping(): Promise<number>;
  close(): Promise<void>;
};

/**
 * One client for one worker. A server that is gone is noticed by the driver's monitor within seconds, which ends the
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
    socketTimeoutMS: 60_000,
  });
  let sent = 0;
  client.on("commandStarted", (command) => {
    sent++;
    onCommand?.(command);
  });
  const db = client.db(database, {
    writeConcern: durable,
    readConcern: new ReadConcern("majority"),
    readPreference: "primary",
  });
  try {
    await guarded("reach MongoDB", () => client.connect());
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    db,
    roundTrips: () => sent,
    async ping() {
      const began = performance.now();
      await guarded("ping MongoDB", () => db.command({ ping: 1 }));
      return performance.now() - began;
    },
    close: () => client.close(),
  };
}
