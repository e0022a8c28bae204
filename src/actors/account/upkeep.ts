import { messageCount } from "../../domain/account/account.ts";
import { TimeSlices } from "../runtime/time-slices.ts";
import type { AccountActor } from "./account-actor.ts";
import { compact } from "./compaction.ts";
import type { Surroundings } from "./surroundings.ts";

/** How often an account that stays in memory is looked at, milliseconds. */
const longestPause = 3_600_000;
/** Of the entries that go when a base is made, one for so many messages at least: what is written stays in proportion. */
const messagesPerEntry = 4;

/**
 * Compacts the logs of a shard's accounts, one account at a time, beside everything else: it reads and writes the log
 * and touches no actor.
 */
export class Upkeep {
  readonly #around: Surroundings;
  readonly #fewestEntries: number;
  readonly #slices: TimeSlices;
  readonly #next = new WeakMap<AccountActor, number>();
  #running: Promise<void> | null = null;

  /** `fewestEntries`: that must be able to go before a base is made. */
  constructor(around: Surroundings, fewestEntries: number) {
    this.#around = around;
    this.#fewestEntries = fewestEntries;
    this.#slices = new TimeSlices(around.clock);
  }

  /** Begins with the actor's account if it is time and nothing else is under way; `now`: by the monotonic clock. */
  consider(actor: AccountActor, now: number): void {
    const { logRetention } = this.#around.limits;
    if (logRetention === undefined || this.#running || now < (this.#next.get(actor) ?? 0)) return;
    this.#next.set(actor, now + Math.min(longestPause, logRetention / 4));
    const worthwhile = Math.max(this.#fewestEntries, Math.floor(messageCount(actor.state) / messagesPerEntry));
    if (actor.snapshotSeq < worthwhile) return;
    this.#running = this.#compact(actor, worthwhile, this.#around.clock.now() - logRetention).finally(() => {
      this.#running = null;
    });
  }

  /** Whether the account has departed mail that is to be forgotten; not for the last few, which can wait for more. */
  forgets({ departed }: AccountActor): boolean {
    const { clock, limits } = this.#around;
    return departed.oldest(clock.now() - limits.retention - Math.min(longestPause, limits.retention)) > 0;
  }

  async #compact(actor: AccountActor, worthwhile: number, before: number): Promise<void> {
    const { stores, logger, newId } = this.#around;
    const { id: account, snapshotSeq: through } = actor;
    try {
      const wish = { before, through, worthwhile, name: newId() };
      const done = await compact(stores.log, account, wish, this.#slices);
      if (done) logger.info({ account, ...done }, "log compacted");
    } catch (err) {
      logger.warn({ account, err }, "log not compacted");
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }
}
