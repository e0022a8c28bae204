import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { ContentReader } from "./content-reader.ts";
import type { Residence } from "./residence.ts";
import type { Resident } from "./resident.ts";
import type { ShardPace } from "./shard-pace.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Upkeep } from "./upkeep.ts";
import type { Uploads } from "./uploads.ts";
import type { Watches } from "./watches.ts";
import { writeBehind, writeRecords } from "./write-behind.ts";

/** What is looked after. */
export type Household = {
  readonly residence: Residence;
  readonly watches: Watches;
  readonly content: ContentReader;
  readonly uploads: Uploads;
  readonly upkeep: Upkeep;
  /** Null: there are no other nodes whose news could be missed. */
  readonly hints: Hints | null;
  /** Bytes of account state to keep in memory. */
  readonly memory: number;
  readonly pace: ShardPace;
};

/**
 * What a shard does without being asked: it looks for news that no hint has told, writes its accounts' state behind the
 * log, and passivates those idle longest when memory runs short.
 */
export class Housekeeping {
  readonly #around: Surroundings;
  readonly #house: Household;
  #cancelTick: () => void = () => {};
  #ticking: Promise<void> | null = null;
  #keeping: Promise<void> | null = null;
  #lastPoll = 0;
  #closed = false;

  constructor(around: Surroundings, house: Household) {
    this.#around = around;
    this.#house = house;
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    if (this.#closed) return;
    this.#cancelTick = this.#around.clock.after(this.#house.pace.tick, () => {
      this.#ticking = this.#tick()
        .catch((error: unknown) => this.#around.logger.warn({ err: error }, "not looked for news"))
        .finally(() => {
          this.#ticking = null;
          this.#scheduleTick();
        });
    });
  }

  async #tick(): Promise<void> {
    const now = this.#around.clock.monotonic();
    // What is written behind may take minutes: news must not wait for it.
    this.#keeping ??= this.#keep(now)
      .catch((error: unknown) => this.#around.logger.warn({ err: error }, "write-behind put off"))
      .finally(() => {
        this.#keeping = null;
      });
    await this.#poll(now);
    for (const resident of this.#house.residence.all) {
      if (resident.actor.unsure) await this.#unlessFaulty(resident, async () => void (await resident.refresh()));
    }
  }

  async #keep(now: number): Promise<void> {
    await this.#house.uploads.forgetAbandoned();
    for (const resident of this.#house.residence.all) {
      await this.#unlessFaulty(resident, () => this.#lookAfter(resident, now));
    }
    await this.#makeRoom();
  }

  async #lookAfter(resident: Resident, now: number): Promise<void> {
    const { content, pace, residence, upkeep } = this.#house;
    const { actor } = resident;
    if (actor.stopped) return residence.dismiss(resident, "it has failed");
    const isQuiet = now - resident.lastChange > pace.quiet;
    const { size } = actor.unrecorded;
    if (size > pace.mostUnrecorded || (isQuiet && size > 0)) await writeRecords(actor, content);
    const behind = actor.state.seq - actor.snapshotSeq;
    if (behind > pace.mostEntriesToReplay || (isQuiet && (behind > pace.entriesPerSnapshot || upkeep.forgets(actor)))) {
      await writeBehind(actor, content, this.#around);
    }
    if (isQuiet) upkeep.consider(actor, now);
  }

  /** One account's fault is its own: the others are looked after all the same. */
  async #unlessFaulty({ actor }: Resident, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      this.#around.logger.error(
        { account: actor.id, seq: actor.state.seq, err: error },
        "account cannot be looked after",
      );
    }
  }

  /** Asks for the heads of all accounts at home or watched, in one query. */
  async #poll(now: number): Promise<void> {
    const { hints, pace, residence, watches } = this.#house;
    if (!hints || now - this.#lastPoll < (hints.healthy ? pace.poll : pace.pollWithoutHints)) return;
    this.#lastPoll = now;
    const accounts = [...new Set([...residence.all.map(({ actor }) => actor.id), ...watches.accounts()])];
    if (accounts.length === 0) return;
    const heads = await this.#around.stores.log.heads(accounts);
    for (const [at, account] of accounts.entries()) {
      const resident = residence.find(account);
      if (resident && heads[at]! > resident.actor.state.seq) {
        await this.#unlessFaulty(resident, () => resident.actor.catchUp());
      }
      if (!resident) watches.reached(account, heads[at]!);
    }
  }

  /**
   * Passivates the actors idle longest until the rest fits into half of the memory given. One that is in use stays: it
   * would be back at once, and is no larger than an account may be.
   */
  async #makeRoom(): Promise<void> {
    const { memory, pace, residence } = this.#house;
    let weight = 0;
    for (const resident of residence.all) weight += resident.weight;
    const budget = memory / 2;
    if (weight <= budget) return;
    const byIdleness = residence.all.toSorted((a, b) => a.actor.touched - b.actor.touched);
    const now = this.#around.clock.monotonic();
    for (const resident of byIdleness) {
      if (weight <= budget || now - resident.actor.touched < pace.tick) return;
      if (resident.actor.busy) continue;
      const relief = resident.weight;
      if (await this.#passivate(resident)) weight -= relief;
    }
  }

  async #passivate(resident: Resident): Promise<boolean> {
    const { content, residence } = this.#house;
    if (resident.dirty) await writeBehind(resident.actor, content, this.#around);
    // A change may have come in while its state was being written.
    if (resident.dirty || resident.actor.busy) return false;
    residence.dismiss(resident, "it is passivated");
    return true;
  }

  /** Writes everything behind and lets go. What was acknowledged is safe with or without it; the next start is quicker. */
  async close(): Promise<void> {
    const { content, residence, upkeep } = this.#house;
    this.#closed = true;
    this.#cancelTick();
    await this.#ticking;
    await this.#keeping;
    await upkeep.settled();
    for (const resident of residence.all) {
      try {
        if (resident.dirty) await writeBehind(resident.actor, content, this.#around);
      } catch (error) {
        this.#around.logger.warn({ account: resident.actor.id, err: error }, "state not written; the log has it");
      }
      residence.dismiss(resident, "the server is stopping");
    }
  }
}
