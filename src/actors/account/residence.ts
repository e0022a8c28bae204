import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { TimeSlices } from "../runtime/time-slices.ts";
import { AccountActor, type Origin } from "./account-actor.ts";
import { channelOf, packHint } from "./entry-hint.ts";
import type { Announcement } from "./requests.ts";
import { Resident } from "./resident.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Watches } from "./watches.ts";

/** The actors of a shard that are in memory, or on their way into it. One that has failed is replaced when it is asked for. */
export class Residence {
  readonly #around: Surroundings;
  readonly #slices: TimeSlices;
  readonly #hints: Hints | null;
  readonly #watches: Watches;
  readonly #residents = new Map<AccountId, Promise<Resident>>();
  /** Those of the above that are up. */
  readonly #up = new Map<AccountId, Resident>();

  /** `hints`: tells other nodes what was appended here; null: there are no other nodes. */
  constructor(around: Surroundings, hints: Hints | null, watches: Watches) {
    this.#around = around;
    this.#slices = new TimeSlices(around.clock);
    this.#hints = hints;
    this.#watches = watches;
  }

  /** Those that are up now. */
  get all(): readonly Resident[] {
    return [...this.#up.values()];
  }

  /** The account's actor if it is up. */
  find(account: AccountId): Resident | undefined {
    return this.#up.get(account);
  }

  /** The account's actor, activated where it is not up. */
  async of(account: AccountId): Promise<Resident> {
    let resident = await (this.#residents.get(account) ?? this.#activate(account));
    if (resident.actor.stopped) {
      this.dismiss(resident, "it has failed");
      resident = await (this.#residents.get(account) ?? this.#activate(account));
    }
    resident.actor.touched = this.#around.clock.monotonic();
    return resident;
  }

  /** Ends an actor; whoever waits for it hears `why`. */
  dismiss(resident: Resident, why: string): void {
    const { actor } = resident;
    actor.stop({ kind: "unavailable", why });
    resident.leave();
    if (this.#up.get(actor.id) === resident) {
      this.#up.delete(actor.id);
      this.#residents.delete(actor.id);
    }
  }

  #activate(account: AccountId): Promise<Resident> {
    const { clock, logger } = this.#around;
    const activating = AccountActor.activate(account, this.#around, {
      announce: (announcement, entry, origin) => this.#public(announcement, entry, origin),
      jumped: (seq) => this.#watches.reached(account, seq),
      slices: this.#slices,
    }).then(
      async (actor) => {
        const failed = (error: unknown): void => {
          if (!(error instanceof StoreUnavailable)) {
            logger.error(
              { account, seq: actor.state.seq, err: error },
              "account actor failed; it will be rebuilt from the log",
            );
            actor.stop({ kind: "unavailable", why: "the account is being rebuilt" });
          }
        };
        const resident = new Resident(actor, this.#hints, clock, failed);
        this.#up.set(account, resident);
        this.#watches.reached(account, actor.state.seq);
        return resident;
      },
      (error: unknown) => {
        this.#residents.delete(account);
        throw error;
      },
    );
    this.#residents.set(account, activating);
    return activating;
  }

  #public(announcement: Announcement, entry: LogEntry, origin: Origin): void {
    this.#watches.committed(announcement);
    if (this.#hints && origin === "appended here") this.#hints.publish(channelOf(entry.account), packHint(entry));
  }
}
