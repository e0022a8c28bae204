import type { Hints } from "../../store/hints.ts";
import type { CpuClient } from "../workers/cpu-client.ts";
import { AppendGatherer } from "./append-gatherer.ts";
import type { ShardPort } from "./serve-shard.ts";
import { Shard } from "./shard.ts";
import type { ShardPace } from "./shard-pace.ts";
import type { Control, ShardStats } from "./shard-wire.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a shard worker lives with: its stores and hints are its own, and go with it. */
export type ShardLife = Omit<Surroundings, "appends"> & {
  /** Null: there are no other nodes. */
  readonly hints: Hints | null;
  readonly roundTrips: () => number;
  /** Appends on their way to the store at once. */
  readonly inFlight: number;
  /** Bytes for the accounts of this worker. */
  readonly memory: number;
  readonly pace?: ShardPace;
  readonly cpuReplaced: CpuClient["connect"];
};

const sweepAfter = 24 * 3_600_000;
/** The answer to `close` leaves before the worker does, milliseconds. */
const lastWords = 5;

/** The life of a shard worker: serves its port until it is told to close. */
export function liveAsShard(port: ShardPort, life: ShardLife): Promise<void> {
  const { stores, hints, clock } = life;
  const shard = new Shard(
    { ...life, appends: new AppendGatherer(stores.log, life.inFlight) },
    { hints, listener: port.listener, memory: life.memory, ...(life.pace && { pace: life.pace }) },
  );
  return new Promise((end) => {
    const control = async (wish: Control): Promise<unknown> => {
      switch (wish) {
        case "stats":
          return { ...shard.stats(), roundTrips: life.roundTrips() } satisfies ShardStats;
        case "ping":
          return stores.directory.setting("ping").then(() => true);
        case "sweep":
          return stores.blobs.sweep(clock.now() - sweepAfter);
        case "close":
          await shard.close();
          await hints?.close();
          await stores.close();
          clock.after(lastWords, end);
          return true;
        default:
          return wish satisfies never;
      }
    };
    port.serve({ shard, directory: stores.directory, control, cpuReplaced: life.cpuReplaced });
  });
}
