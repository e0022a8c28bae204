import type { LogEntry } from "../../domain/account/events.ts";
import type { Hints } from "../../store/hints.ts";
import type { Clock } from "../runtime/clock.ts";
import type { AccountActor } from "./account-actor.ts";
import { channelOf, unpackHint } from "./entry-hint.ts";

/**
 * An actor at home in a shard, with its subscription to what other nodes append. While the subscription is unbroken,
 * silence means that there is nothing new; after a break the log's head has to be asked for.
 */
export class Resident {
  readonly actor: AccountActor;
  readonly #hints: Hints | null;
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  /** From when on silence is trusted, by the monotonic clock; null: not at all. */
  #trustedFrom: number | null;
  lastChange = 0;

  constructor(actor: AccountActor, hints: Hints | null, clock: Clock, failed: (error: unknown) => void) {
    this.actor = actor;
    this.#hints = hints;
    this.#clock = clock;
    this.#trustedFrom = clock.monotonic() + settling;
    this.#unsubscribe =
      hints?.subscribe(channelOf(actor.id), {
        heard: (payload) => {
          const hint = unpackHint(payload);
          if (!hint || hint.account !== actor.id || hint.seq <= actor.state.seq) return;
          const learning = hint.entry ? actor.learn(hint.entry as LogEntry) : actor.catchUp();
          learning.catch(failed);
        },
        gap: () => {
          this.#trustedFrom = null;
        },
      }) ?? (() => {});
  }

  /** Makes sure that what other nodes have appended is seen. Costs nothing where that is known already. */
  async refresh(): Promise<void> {
    const hints = this.#hints;
    if (!hints) return;
    const now = this.#clock.monotonic();
    if (hints.healthy && this.#trustedFrom !== null && now >= this.#trustedFrom) return;
    const { healthy } = hints;
    await this.actor.catchUp();
    if (healthy && this.#trustedFrom === null) this.#trustedFrom = now + settling;
  }

  /** Roughly, bytes. */
  get weight(): number {
    let messages = 0;
    for (const mailbox of this.actor.state.mailboxes.values()) messages += mailbox.messages;
    return 16_384 + messages * 40 + this.actor.unrecorded.size * 400 + this.actor.state.mailboxes.size * 2000;
  }

  /** Whether the store's snapshot is behind the log. */
  get dirty(): boolean {
    return this.actor.state.seq > this.actor.snapshotSeq || this.actor.unrecorded.size > 0;
  }

  leave(): void {
    this.#unsubscribe();
  }
}

/** A subscription needs a moment until it is in force, milliseconds. */
const settling = 1000;
