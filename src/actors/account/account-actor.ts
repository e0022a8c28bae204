import type { Account } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import type { LogEntry } from "../../domain/account/events.ts";
import { evolveEntry, evolvingEntry } from "../../domain/account/evolve.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { PartNames } from "../../domain/account/snapshot.ts";
import { countUids } from "../../domain/account/uid-runs.ts";
import type { AccountId, MessageId, RequestId } from "../../domain/ids.ts";
import { LogCompacted, StoreUnavailable } from "../../store/log.ts";
import { TimeSlices } from "../runtime/time-slices.ts";
import type { Claims } from "./claims.ts";
import type { Departed } from "./departed.ts";
import { type Change, type Draft, drafting } from "./draft.ts";
import { type Loaded, noteUnrecorded, type Unrecorded } from "./loaded.ts";
import type { StagedMessage } from "./materialise.ts";
import { type RequestWindow, withoutContent } from "./request-window.ts";
import type { Announcement, ChangeCommand, Outcome } from "./requests.ts";
import { loadAccount } from "./snapshots.ts";
import { storeRefusal } from "./store-refusal.ts";
import { entryBytes, entryChanges, type Surroundings } from "./surroundings.ts";

/**
 * One account's owner on this node. Changes are decided, appended, and only then true and public, in that order; reads
 * take the committed state and wait for nobody. Another node may own the same account at the same time: the append
 * under (account, seq) is the arbiter, and who loses reads what the other wrote and decides again.
 */
export class AccountActor {
  readonly id: AccountId;
  readonly #around: Surroundings;
  readonly #announce: Announce;
  #state: Account;
  readonly #jumped: Jumped;
  requests: RequestWindow;
  readonly claimed: Claims;
  /** Expunged messages whose records and bytes are still kept. */
  departed: Departed;
  /** Names of the state's chunks in the store. */
  parts: PartNames;
  /** Where messages are whose record is not written yet. */
  #unrecorded: Map<MessageId, Unrecorded>;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #catchingUp: Promise<void> | null = null;
  #catchUpNext: Promise<void> | null = null;
  /** Those who want the log's gap read as soon as no append is under way. */
  #wantGap: { resolve(): void; reject(error: unknown): void }[] = [];
  #life: "ready" | "stopped" = "ready";
  #unsure = false;
  readonly #slices: TimeSlices;
  /** When it was last asked for anything, by the monotonic clock. */
  touched = 0;
  /** What the store's snapshot stands for. */
  snapshotSeq: number;

  private constructor(
    id: AccountId,
    around: Surroundings,
    loaded: Loaded,
    { announce, jumped = () => {}, slices = new TimeSlices(around.clock) }: ActorLinks,
  ) {
    this.id = id;
    this.#around = around;
    this.#slices = slices;
    this.#announce = announce;
    this.#jumped = jumped;
    this.#state = loaded.account;
    this.requests = loaded.requests;
    this.claimed = loaded.claimed;
    this.departed = loaded.departed;
    this.parts = loaded.parts;
    this.snapshotSeq = loaded.snapshotSeq;
    this.#unrecorded = loaded.unrecorded;
  }

  /** Rebuilds the account from its newest snapshot and the log behind it. */
  static async activate(id: AccountId, around: Surroundings, links: ActorLinks): Promise<AccountActor> {
    return new AccountActor(id, around, await loadAccount(id, around), links);
  }

  /** The committed state: every reader's one source. */
  get state(): Account {
    return this.#state;
  }

  get unrecorded(): ReadonlyMap<MessageId, Unrecorded> {
    return this.#unrecorded;
  }

  get busy(): boolean {
    return this.#running !== null || this.#catchingUp !== null || this.#waiting.length > 0;
  }

  get stopped(): boolean {
    return this.#life === "stopped";
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether an append was given up without an answer: the log may hold an entry that this state lacks. */
  get unsure(): boolean {
    return this.#unsure;
  }

  /** The records of these messages are written. */
  recorded(messages: Iterable<MessageId>): void {
    for (const message of messages) this.#unrecorded.delete(message);
  }

  /** Queues a change; answers when it is durable, true and public, or refused. */
  change(request: RequestId, command: ChangeCommand, staged: readonly (StagedMessage | undefined)[]): Promise<Outcome> {
    if (this.#life === "stopped")
      return Promise.resolve(refusedOutcome({ kind: "unavailable", why: "the account is being rebuilt" }));
    if (this.#waiting.length >= this.#around.limits.queue) {
      return Promise.resolve(refusedOutcome({ kind: "busy", why: "too many changes are waiting for this account" }));
    }
    return new Promise((resolve) => {
      this.#waiting.push({ request, command, staged, resolve });
      this.#running ??= this.#run();
    });
  }

  /** Ends this actor; its requests are refused and the next one starts from the store. */
  stop(refusal: Refusal): void {
    this.#life = "stopped";
    for (const { resolve } of this.#waiting.splice(0)) resolve(refusedOutcome(refusal));
    for (const { reject } of this.#wantGap.splice(0))
      reject(new StoreUnavailable("Cannot catch up: the account is being rebuilt"));
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the event loop is decided together.
    await null;
    try {
      while (this.#life === "ready" && (this.#waiting.length > 0 || this.#wantGap.length > 0)) {
        if (this.#waiting.length > 0) await this.#round(this.#takeBatch());
        if (this.#wantGap.length > 0) await this.#readGapFor(this.#wantGap.splice(0));
      }
    } finally {
      this.#running = null;
    }
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && count < entryChanges) {
      for (const staged of this.#waiting[count]!.staged) if (staged?.kind === "bytes") bytes += staged.bytes.length;
      if (bytes > entryBytes && count > 0) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #round(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#catchingUp;
      const decide = (): Promise<Draft> => this.#work(drafting(this.#state, batch, this.requests, this.#around));
      let drafted = await decide();
      if (drafted.transactions.length === 0 && !this.#state.closed) {
        // No append shows that the state was the newest: what is refused, or changes nothing, must not be so only here.
        const { seq } = this.#state;
        await this.#readGap();
        if (this.#state.seq > seq) drafted = await decide();
      }
      while (drafted.transactions.length > 0 && !(await this.#append(drafted))) drafted = await decide();
      settle(batch, drafted.outcomes);
    } catch (error) {
      this.#fail(batch, error);
    }
  }

  /** What `work` returns; with others served in between where it takes long. */
  async #work<T>(work: Iterator<unknown, T>): Promise<T> {
    const first = work.next();
    return first.done ? first.value : this.#slices.run(work);
  }

  /** Durable, then true, then public. False where the race was lost and all must be decided again. */
  async #append(drafted: Draft): Promise<boolean> {
    const entry: LogEntry = {
      account: this.id,
      seq: drafted.state.seq,
      at: this.#around.clock.now(),
      batch: this.#around.newBatch(),
      transactions: drafted.transactions,
      checksum: printChecksum(drafted.state.checksum),
      bodies: drafted.bodies,
    };
    const outcome = await this.#appendSurely(entry); // durable,
    if (outcome === "conflict" && !(await this.#isOurs(entry))) {
      await this.#readGap();
      return false;
    }
    this.#commit(entry, drafted.state, "appended here"); // then true, then public.
    return true;
  }

  /** Tries the very same entry until it is known what became of it, or the deadline has passed. */
  async #appendSurely(entry: LogEntry): Promise<"appended" | "conflict"> {
    const { appends, clock, limits } = this.#around;
    const deadline = clock.monotonic() + limits.appendDeadline;
    for (let wait = 20; ; wait = Math.min(wait * 2, 1000)) {
      try {
        return await appends.append(entry);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || error.kept === "no" || clock.monotonic() + wait > deadline)
          throw error;
        await new Promise<void>((resolve) => void clock.after(wait, resolve));
      }
    }
  }

  /** Whether the entry in our way is our own, from an attempt whose answer was lost. */
  async #isOurs(entry: LogEntry): Promise<boolean> {
    const [there] = (await this.#entriesAfter(entry.seq - 1, 1)) ?? [];
    return there?.batch === entry.batch;
  }

  #commit(entry: LogEntry, state: Account, origin: Origin): void {
    const before = this.#state;
    this.#state = state;
    for (const { request, events } of entry.transactions) {
      this.departed.note(before, events, entry);
      this.requests.remember(request, { seq: entry.seq, at: entry.at, events: withoutContent(events) });
      noteUnrecorded(this.#unrecorded, events, entry);
    }
    this.#announce(announcementOf(entry), entry, origin);
  }

  /** Applies an entry that another node has announced; reads the gap where it is not the next one. */
  async learn(entry: LogEntry): Promise<void> {
    if (this.busy || changesMany(entry)) await this.catchUp();
    else if (entry.seq === this.#state.seq + 1) this.#applied(entry, evolveEntry(this.#state, entry));
    else if (entry.seq > this.#state.seq) await this.catchUp();
  }

  /** Sees everything that has been appended so far, by any node. */
  catchUp(): Promise<void> {
    // An append under way would clash with the gap's entries: it comes first.
    if (this.#running) return new Promise((resolve, reject) => void this.#wantGap.push({ resolve, reject }));
    // A read that is under way may have passed what was appended since it began: that takes another one.
    if (this.#catchingUp) {
      this.#catchUpNext ??= this.#catchingUp
        .catch(() => {})
        .then(() => {
          this.#catchUpNext = null;
          return this.catchUp();
        });
      return this.#catchUpNext;
    }
    this.#catchingUp = this.#readGap().finally(() => {
      this.#catchingUp = null;
    });
    return this.#catchingUp;
  }

  async #readGapFor(who: { resolve(): void; reject(error: unknown): void }[]): Promise<void> {
    try {
      await this.#readGap();
      for (const { resolve } of who) resolve();
    } catch (error) {
      for (const { reject } of who) reject(error);
    }
  }

  async #readGap(): Promise<void> {
    for (;;) {
      const entries = await this.#entriesAfter(this.#state.seq, 1000);
      if (entries === null) {
        await this.#jump();
        continue;
      }
      for (const entry of entries) if (entry.seq === this.#state.seq + 1) await this.#apply(entry);
      if (entries.length >= 1000) continue;
      this.#unsure = false;
      return;
    }
  }

  /** Null where they have been compacted away. */
  async #entriesAfter(seq: number, limit: number): Promise<readonly LogEntry[] | null> {
    return this.#around.stores.log.read(this.id, seq, limit, "no bodies").catch((error: unknown) => {
      if (error instanceof LogCompacted) return null;
      throw error;
    });
  }

  /** Who is behind the log's base takes it from there, as if it were activated now. */
  async #jump(): Promise<void> {
    const loaded = await loadAccount(this.id, this.#around);
    if (loaded.account.seq <= this.#state.seq)
      throw new Error(
        `Cannot catch up: the log was compacted, and its base does not reach entry ${this.#state.seq + 1}`,
      );
    this.#state = loaded.account;
    this.requests = loaded.requests;
    this.claimed.merge(loaded.claimed);
    this.departed = loaded.departed;
    this.parts = loaded.parts;
    this.snapshotSeq = loaded.snapshotSeq;
    this.#unrecorded = loaded.unrecorded;
    this.#jumped(loaded.account.seq);
  }

  async #apply(entry: LogEntry): Promise<void> {
    this.#applied(entry, await this.#work(evolvingEntry(this.#state, entry)));
  }

  #applied(entry: LogEntry, next: Account): void {
    if (printChecksum(next.checksum) !== entry.checksum) {
      this.stop({ kind: "unavailable", why: "the account is being rebuilt" });
      throw new Error(`Cannot apply log entry ${entry.seq}: the state's checksum is not the one it was appended with`);
    }
    this.#commit(entry, next, "learnt");
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    const unavailable = error instanceof StoreUnavailable;
    const { logger } = this.#around;
    const fields = { account: this.id, seq: this.#state.seq, err: error };
    if (unavailable) logger.warn(fields, "changes refused: the store is unavailable");
    else logger.error(fields, "account actor failed; it will be rebuilt from the log");
    const refusal: Refusal = unavailable ? storeRefusal(error) : { kind: "unavailable", why: "internal error" };
    const outcome: Outcome = refusedOutcome(refusal);
    for (const { resolve } of batch) resolve(outcome);
    if (!unavailable) this.stop(refusal);
    else if (error.kept !== "no") {
      // The committed state stays true. Should the entry have been kept, it is in the way of the next append like
      // another node's, and read then or at the next sync point.
      this.#unsure = true;
      // Whoever has waited so long need not wait as long again to hear the same.
      for (const { resolve } of this.#waiting.splice(0)) resolve(outcome);
    }
  }
}

/** Whether this node appended the entry, or heard of it or read it. */
export type Origin = "appended here" | "learnt";
export type Announce = (announcement: Announcement, entry: LogEntry, origin: Origin) => void;
/** The account has come to `seq` by its base: what happened on the way cannot be announced. */
export type Jumped = (seq: number) => void;

/** What an actor is tied to in its shard. */
export type ActorLinks = {
  readonly announce: Announce;
  readonly jumped?: Jumped;
  /** For what takes long; shared by the actors of a thread. */
  readonly slices?: TimeSlices;
};

type Waiting = Change & { readonly resolve: (outcome: Outcome) => void };

function settle(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const [at, { resolve }] of batch.entries()) {
    const outcome = outcomes[at]!;
    resolve(outcome.ok ? { ...outcome, events: withoutContent(outcome.events) } : outcome);
  }
}

export function refusedOutcome(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}

export function announcementOf(entry: LogEntry): Announcement {
  return {
    account: entry.account,
    seq: entry.seq,
    at: entry.at,
    transactions: entry.transactions.map(({ request, events }) => ({ request, events: withoutContent(events) })),
  };
}

/** Messages that an entry may change while everybody waits. */
const fewMessages = 5_000;

function changesMany({ transactions }: LogEntry): boolean {
  for (const { events } of transactions) {
    for (const event of events) if ("uids" in event && countUids(event.uids) > fewMessages) return true;
  }
  return false;
}
