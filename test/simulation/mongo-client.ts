import { type Db, MongoBulkWriteError, MongoNetworkError, MongoServerError } from "mongodb";
import type { Link } from "../../src/store/mongo/connection.ts";
import { guarded } from "../../src/store/mongo/unavailable.ts";
import { type Document, DuplicateKey, type FindOptions, type MongoServer } from "./mongo-server.ts";
import type { Route } from "./network.ts";
import type { Life, World } from "./world.ts";

/** What may go wrong with the database, and how often: probabilities for one operation. */
export type DatabaseFaults = {
  /** It is not there: nothing is answered. */
  away: boolean;
  replyLost: number;
  /** Refused with an error that says nothing about whether it was done; it may have been, wholly or in part. */
  interrupted: number;
  /** Writes to these collections wait for so long, milliseconds. */
  lag: number;
  lagging: ReadonlySet<string>;
  /** What was read is on its way back for up to so long, milliseconds. */
  slowAnswers: number;
};

/** How long the driver waits before it says that there is no server, milliseconds. */
const patience = 4_000;
/** What was sent before a cut may arrive after it, until so much later, milliseconds. */
export const latestArrival = 3_000;

type Operation = {
  readonly collection: string;
  readonly writes: boolean;
  /** Does it, or (of several documents) the first `share` of it. */
  readonly run: (server: MongoServer, share: number) => unknown;
};

/** A worker's connection to the simulated MongoDB: what the real stores work with, with the driver's own errors. */
export function mongoLink(
  world: World,
  life: Life,
  server: MongoServer,
  route: Route,
  faults: DatabaseFaults,
): Link & { roundTrips(): number } {
  let roundTrips = 0;

  function call(operation: Operation): Promise<unknown> {
    roundTrips++;
    return new Promise((resolve, reject) => attempt(operation, 1, resolve, reject));
  }

  function attempt(
    operation: Operation,
    turn: number,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    const { random } = world;
    let settled = false;
    const lose = (after: number): void =>
      void world.after(after, life, () => {
        if (settled) return;
        settled = true;
        // The driver sends it once more, as it is; whether the first one was done it does not know.
        if (turn === 1 && random.chance(0.5)) attempt(operation, 2, resolve, reject);
        else reject(new MongoNetworkError("connection lost"));
      });
    const arrive = (): void => {
      if (faults.away) return lose(random.fraction() * patience);
      const interrupted = random.chance(faults.interrupted);
      const share = !interrupted ? 1 : random.chance(0.5) ? 0 : random.fraction();
      let answer: () => void;
      try {
        const result = share > 0 ? operation.run(server, share) : undefined;
        answer = () => resolve(result);
      } catch (error) {
        answer = () => reject(driverError(error));
      }
      if (interrupted) answer = () => reject(new MongoServerError({ message: "interrupted", code: 11602 }));
      if (route.cut || random.chance(faults.replyLost)) return lose(random.fraction() * patience);
      const slow = operation.writes ? 0 : faults.slowAnswers * random.fraction();
      world.after(route.delay() + slow, life, () => {
        if (!settled) answer();
        settled = true;
      });
    };
    const lag = operation.writes && faults.lagging.has(operation.collection) ? faults.lag * random.fraction() : 0;
    if (route.cut || faults.away) {
      // Lost, or on its way until the network is whole again, whether or not anybody still waits for it.
      if (operation.writes && random.chance(0.5))
        world.after(random.fraction() * latestArrival, always, arriveLate(operation));
      lose(random.chance(0.5) ? patience : random.fraction() * 100);
    } else world.after(route.delay() + lag, always, arrive);
  }

  function arriveLate(operation: Operation) {
    return (): void => {
      if (faults.away) return;
      try {
        operation.run(server, 1);
      } catch (error) {
        if (!(error instanceof DuplicateKey || error instanceof BulkFailure)) throw error;
      }
    };
  }

  const read = (collection: string, run: (server: MongoServer) => unknown) =>
    call({ collection, writes: false, run }) as Promise<never>;
  const write = (collection: string, run: (server: MongoServer, share: number) => unknown) =>
    call({ collection, writes: true, run }) as Promise<never>;

  function collectionOf(name: string) {
    return {
      find: (filter: object, options?: FindOptions) =>
        cursor(() => read(name, (server) => server.collection(name).find(filter as never, options))),
      findOne: async (filter: object, options?: FindOptions) => {
        const some = await read(name, (server) =>
          server.collection(name).find(filter as never, { ...options, limit: 1 }),
        );
        return (some as Document[])[0] ?? null;
      },
      aggregate: (pipeline: never) => cursor(() => read(name, (server) => server.collection(name).aggregate(pipeline))),
      countDocuments: (filter: object) => read(name, (server) => server.collection(name).find(filter as never).length),
      insertOne: (document: Document) => write(name, (server) => server.collection(name).insert(document)),
      insertMany: (documents: readonly Document[]) =>
        write(name, (server, share) =>
          bulk(documents, share, (document) => {
            server.collection(name).insert(document);
            return 1;
          }),
        ),
      updateOne: (filter: object, update: never, { upsert = false } = {}) =>
        write(name, (server) => {
          if (upsert) server.collection(name).upsert(filter as never, update);
          return { matchedCount: upsert ? 1 : server.collection(name).update(filter as never, update, true) };
        }),
      updateMany: (filter: object, update: never) =>
        write(name, (server) => ({ matchedCount: server.collection(name).update(filter as never, update, false) })),
      deleteOne: (filter: object) =>
        write(name, (server) => ({ deletedCount: server.collection(name).delete(filter as never, true) })),
      deleteMany: (filter: object) =>
        write(name, (server, share) => {
          const found = server.collection(name).find(filter as never, { projection: { _id: 1 } });
          const some = found.slice(0, Math.ceil(found.length * share));
          for (const { _id } of some) server.collection(name).delete({ _id }, true);
          return { deletedCount: some.length };
        }),
      bulkWrite: (operations: readonly Record<string, Record<string, never>>[]) =>
        write(name, (server, share) => {
          const modifiedCount = bulk(operations, share, (operation) => {
            const { updateOne, updateMany, deleteOne } = operation;
            if (updateMany) return server.collection(name).update(updateMany.filter!, updateMany.update!, false);
            if (deleteOne) return server.collection(name).delete(deleteOne.filter!, true);
            if (!updateOne) throw new Error(`Not simulated: ${Object.keys(operation)}`);
            if (!updateOne.upsert) return server.collection(name).update(updateOne.filter!, updateOne.update!, true);
            server.collection(name).upsert(updateOne.filter!, updateOne.update!);
            return 1;
          });
          return { modifiedCount };
        }),
    };
  }

  return {
    db: { collection: collectionOf } as unknown as Db,
    during: (action, run) => guarded(action, run),
    roundTrips: () => roundTrips,
  };
}

/** A cursor that gets everything with its first batch. */
function cursor(all: () => Promise<Document[]>) {
  let rest: Document[] | null = null;
  const next = async () => {
    rest ??= await all();
    return rest.shift() ?? null;
  };
  return {
    toArray: all,
    next,
    close: async () => {},
    async *[Symbol.asyncIterator]() {
      for (let each = await next(); each; each = await next()) yield each;
    },
  };
}

/** What crosses the network does so whoever lives. */
const always = { ended: false } as Life;

class BulkFailure extends Error {
  constructor(readonly taken: readonly number[]) {
    super("duplicate keys");
  }
}

/** Each on its own, whatever becomes of the others; answers the sum. */
function bulk<T>(all: readonly T[], share: number, one: (item: T) => number): number {
  const taken: number[] = [];
  let sum = 0;
  for (let at = 0; at < Math.ceil(all.length * share); at++) {
    try {
      sum += one(all[at]!);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      taken.push(at);
    }
  }
  if (taken.length > 0) throw new BulkFailure(taken);
  return sum;
}

function driverError(error: unknown): unknown {
  if (error instanceof DuplicateKey)
    return new MongoServerError({ message: "E11000 duplicate key error", code: 11000 });
  if (!(error instanceof BulkFailure)) return error;
  const writeErrors = error.taken.map((index) => ({ index, code: 11000 }));
  const result = { getWriteConcernError: () => undefined };
  const facts = { message: "E11000 duplicate key error", code: 11000, writeErrors };
  return new MongoBulkWriteError(facts as never, result as never);
}
