import { messageCount } from "../../domain/account/account.ts";
import { departedCount } from "../../domain/account/departed-mail.ts";
import type { LogEntry } from "../../domain/account/events.ts";
import type { UidRuns } from "../../domain/account/uid-runs.ts";
import type { MailboxId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { AccountActor } from "./account-actor.ts";
import { recallClaims, tellClaim, unpackClaim } from "./claims.ts";
import { channelOf, unpackHint } from "./entry-hint.ts";

/**
 * An actor at home in a shard, with its subscription to what other nodes append. While the subscription is unbroken,
 * silence means that there is nothing new, once the log has been read under it; after a break it has to be read again.
 */
export class Resident {
  readonly actor: AccountActor;
  readonly #hints: Hints | null;
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  readonly #subscribed: number;
  /** Whether all that was appended before the subscription was in force is known. */
  #trusted = false;
  #breaks = 0;
  /** Until when the store is not asked, because it did not answer. */
  #awayUntil = 0;
  lastChange = 0;
  #recalling: Promise<void> | null = null;

  constructor(actor: AccountActor, hints: Hints | null, clock: Clock, failed: (error: unknown) => void) {
    this.actor = actor;
    this.#hints = hints;
    this.#clock = clock;
    this.#subscribed = clock.monotonic();
    this.#unsubscribe =
      hints?.subscribe(channelOf(actor.id), {
        heard: (payload) => {
          const hint = unpackHint(payload);
          const claim = hint === null ? unpackClaim(payload) : null;
          if (claim?.account === actor.id) actor.claimed.merge([claim.claimed]);
          if (!hint || hint.account !== actor.id || hint.seq <= actor.state.seq) return;
          const learning = hint.entry ? actor.learn(hint.entry as LogEntry) : actor.catchUp();
          learning.catch((error: unknown) => {
            this.#broken();
            failed(error);
          });
        },
        gap: () => this.#broken(),
      }) ?? (() => {});
  }

  /**
   * A session is told of messages of the mailbox up to a UID; answers which nobody had been told of before. After
   * `recall`, and in one step with it: of two that ask, one is answered.
   */
  claim(mailbox: MailboxId, upTo: number): UidRuns {
    const { claimed, id } = this.actor;
    const recent = claimed.claim(mailbox, upTo);
    if (recent.length > 0 && this.#hints !== null) tellClaim(this.#hints, id, claimed, mailbox);
    return recent;
  }

  /** Makes sure that what sessions of other nodes were told before this one had the account in memory is known. */
  recall(): Promise<void> {
    this.#recalling ??= this.#recall();
    return this.#recalling;
  }

  async #recall(): Promise<void> {
    if (this.#hints !== null) this.actor.claimed.merge(await recallClaims(this.#hints, this.actor.id));
  }

  #broken(): void {
    // Claims may have been missed as well.
    this.#recalling = null;
    this.#trusted = false;
    this.#breaks++;
  }

  /**
   * Makes sure that what other nodes have appended is seen. Costs nothing where that is known already. With the store
   * away, what is known has to do: reads go on from memory, and the answer is false.
   *
   * `since`: a mod-sequence that somebody was told elsewhere. Where it is not known here, silence means nothing.
   */
  async refresh(since = 0): Promise<boolean> {
    const { actor } = this;
    const hints = this.#hints;
    const silent = !hints || (hints.healthy && this.#trusted);
    if (silent && !actor.unsure && actor.state.seq >= since) return true;
    const now = this.#clock.monotonic();
    if (now < this.#awayUntil) return false;
    const breaks = this.#breaks;
    const inForce = hints?.healthy === true && now >= this.#subscribed + settling;
    const caughtUp = await this.#caughtUp();
    if (caughtUp) this.#trusted = inForce && hints.healthy && breaks === this.#breaks;
    else this.#awayUntil = this.#clock.monotonic() + awayFor;
    return caughtUp;
  }

  /** False where the store did not answer in time. */
  async #caughtUp(): Promise<boolean> {
    const catchingUp = this.actor.catchUp().then(
      () => true,
      (error: unknown) => {
        if (error instanceof StoreUnavailable) return false;
        throw error;
      },
    );
    const late = Promise.withResolvers<false>();
    const cancel = this.#clock.after(patience, () => late.resolve(false));
    try {
      return await Promise.race([catchingUp, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Roughly, bytes. */
  get weight(): number {
    const { requests, unrecorded, state } = this.actor;
    const rows = (messageCount(state) + departedCount(state.departed)) * 40 + state.mailboxes.size * 2000;
    return 16_384 + rows + unrecorded.size * 400 + requests.size * 600;
  }

  /** Whether the store's snapshot is behind the log. */
  get dirty(): boolean {
    const { claimed, snapshotSeq, state, unrecorded } = this.actor;
    // Where there are other nodes, the hints know what was claimed.
    return state.seq > snapshotSeq || unrecorded.size > 0 || (this.#hints === null && claimed.unsaved);
  }

  leave(): void {
    this.#unsubscribe();
  }
}

/** A subscription needs a moment until it is in force, milliseconds. */
const settling = 1000;
/** How long a read waits for the store to say what is new, milliseconds. */
const patience = 2000;
/** How long it is left alone after it did not, milliseconds. */
const awayFor = 2000;
