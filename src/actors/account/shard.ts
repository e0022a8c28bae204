import type { LogEntry } from "../../domain/account/events.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { AccountActor, type Origin, refusedOutcome } from "./account-actor.ts";
import { clearAccount, closeAccount } from "./close-account.ts";
import { ContentReader, readerOf } from "./content-reader.ts";
import { listDeparted, readDeparted } from "./departed-reads.ts";
import { singles } from "./draft.ts";
import { channelOf, packHint } from "./entry-hint.ts";
import { factsOf, listMailboxes, openMailbox, readColumns, readVanished } from "./mailbox-reads.ts";
import type { StagedMessage } from "./materialise.ts";
import { readContent } from "./read-content.ts";
import { readAttachment, readMessage, readSummaries } from "./read-messages.ts";
import type { AccountRequest, AccountRequests, Announcement, AnswerTo, Outcome, Taken } from "./requests.ts";
import { Resident } from "./resident.ts";
import { restoreDeparted } from "./restore-departed.ts";
import { search } from "./search.ts";
import { type ShardPace, usualPace } from "./shard-pace.ts";
import { storeRefusal } from "./store-refusal.ts";
import type { Surroundings } from "./surroundings.ts";
import { Upkeep } from "./upkeep.ts";
import { Uploads } from "./uploads.ts";
import { type Listener, Watches } from "./watches.ts";
import { writeBehind, writeRecords } from "./write-behind.ts";

export type ShardOptions = {
  /** Tells other nodes what was appended and hears what they appended; null: there are no other nodes. */
  readonly hints: Hints | null;
  readonly listener: Listener;
  /** Bytes of account state to keep in memory. */
  readonly memory: number;
  /** Another than the usual one: in simulations. */
  readonly pace?: ShardPace;
};

/** What sessions tell news by: an old answer to these would be taken for the news. */
const changing: ReadonlySet<AccountRequest["kind"]> = new Set(["readColumns", "readVanished"]);

/**
 * A shard: the accounts that one thread is responsible for. Activates an actor on its first request, passivates those
 * idle longest when memory runs short, and writes their state behind the log.
 */
export class Shard {
  readonly #around: Surroundings;
  readonly #options: ShardOptions;
  readonly #pace: ShardPace;
  readonly #residents = new Map<AccountId, Promise<Resident>>();
  /** Those of the above that are up. */
  readonly #up = new Map<AccountId, Resident>();
  readonly #watches: Watches;
  readonly #content: ContentReader;
  readonly #uploads: Uploads;
  readonly #upkeep: Upkeep;
  #cancelTick: () => void = () => {};
  #ticking: Promise<void> | null = null;
  #keeping: Promise<void> | null = null;
  #lastPoll = 0;
  #closed = false;

  constructor(around: Surroundings, options: ShardOptions) {
    this.#around = around;
    this.#options = options;
    this.#pace = options.pace ?? usualPace;
    this.#watches = new Watches(options.listener, options.hints);
    this.#content = new ContentReader(around, Math.floor(options.memory / 4));
    this.#uploads = new Uploads(around);
    this.#upkeep = new Upkeep(around, this.#pace.entriesPerBase);
    this.#scheduleTick();
  }

  /** Answers a request; an exception is a fault of ours, whatever the answer is meant to be otherwise is an answer. */
  async ask<R extends AccountRequest>(account: AccountId, request: R): Promise<AnswerTo<R["kind"]>> {
    try {
      return (await this.#answer(account, request)) as AnswerTo<R["kind"]>;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#around.logger.warn(
        { account, request: request.kind, err: error },
        "request refused: the store is unavailable",
      );
      return refusedOutcome(storeRefusal(error)) as AnswerTo<R["kind"]>;
    }
  }

  async #answer(account: AccountId, request: AccountRequest): Promise<AnswerTo<AccountRequest["kind"]>> {
    switch (request.kind) {
      case "uploadBegin":
        return this.#uploads.begin(account, request.upload);
      case "uploadWrite":
        return this.#uploads.write(account, request.upload, request.bytes);
      case "uploadAbort":
        return this.#uploads.abort(account, request.upload);
      case "forget":
        return this.#forget(account);
      case "change":
        return this.#change(account, request);
    }
    const resident = await this.#resident(account);
    const { actor } = resident;
    // A session is told of an entry as soon as this node hears of it, which may be before the actor does: one that is
    // just being activated. What it asks for then must not be older than what it was told.
    const told = this.#watches.seqOf(account);
    if (told > actor.state.seq && !(await resident.refresh(told)) && changing.has(request.kind)) {
      return refusedOutcome({ kind: "unavailable", why: "the store is unavailable" });
    }
    switch (request.kind) {
      case "mailboxes":
        await resident.refresh();
        return listMailboxes(actor.state, actor.claimed);
      case "openMailbox":
        // Who has seen more than this node must not be shown less.
        if (!(await resident.refresh(request.resync?.since)) && (request.resync?.since ?? 0) > actor.state.seq) {
          return refusedOutcome({ kind: "unavailable", why: "the store is unavailable" });
        }
        return openMailbox(actor.state, request, actor.claimed);
      case "catchUp":
        await resident.refresh();
        return factsOf(actor.state);
      case "readColumns":
        return readColumns(actor.state, request);
      case "readVanished":
        return readVanished(actor.state, request);
      case "readContent":
        return readContent(this.#content, readerOf(actor), request);
      case "readSummaries":
        return readSummaries(this.#content, readerOf(actor), request);
      case "readMessage":
        return readMessage(this.#around, this.#content, readerOf(actor), request);
      case "readAttachment":
        return readAttachment(this.#around, this.#content, readerOf(actor), request);
      case "listDeparted":
        await resident.refresh();
        return listDeparted(actor.state, actor.departed, Math.max(request.since ?? 0, this.#restorable()));
      case "readDeparted": {
        const since = Math.max(request.since, this.#restorable());
        return readDeparted(this.#content, readerOf(actor), actor.departed, { ...request, since });
      }
      case "restoreDeparted":
        await resident.refresh();
        return restoreDeparted(actor, request, this.#restorable());
      case "search":
        return search(this.#around, this.#content, readerOf(actor), request);
      default:
        return request satisfies never;
    }
  }

  /** What departed before this may be forgotten at any moment: it is not offered any more. */
  #restorable(): number {
    const { clock, limits } = this.#around;
    return clock.now() - limits.retention;
  }

  async #change(account: AccountId, { request, command }: AccountRequests["change"]["ask"]): Promise<Outcome> {
    const resident = await this.#resident(account);
    const { actor } = resident;
    const done = actor.requests.find(request);
    const staged: (StagedMessage | undefined)[] = [];
    const undo: (() => Promise<void>)[] = [];
    for (const single of singles(command)) {
      const source = single.kind === "append" ? single.source : undefined;
      if (!source) staged.push(undefined);
      else if (source.kind === "bytes") staged.push(source);
      else if (done) {
        await this.#uploads.abort(account, source.upload);
        staged.push({ kind: "content", content: [], message: "" });
      } else {
        const message = this.#around.newId();
        const finished = await this.#uploads.finish(account, source.upload, message, source.prefix);
        if (!finished) return refusedOutcome({ kind: "unavailable", why: "the upload was interrupted" });
        undo.push(() => this.#around.stores.blobs.unreference(finished.references));
        staged.push({ kind: "content", content: finished.content, message });
      }
    }
    const outcome = await actor.change(request, command, staged);
    resident.lastChange = this.#around.clock.monotonic();
    // Blobs of a message that was not taken, or not once more: without a reference they are swept.
    if (outcome.ok ? outcome.repeated : !mayBeKept(outcome.refusal)) for (const each of undo) await each();
    return outcome;
  }

  async #forget(account: AccountId): Promise<Taken> {
    const resident = await this.#resident(account);
    const refused = await closeAccount(resident.actor);
    if (refused) return refused;
    this.#dismiss(resident, "the account is deleted");
    await this.#upkeep.settled();
    await clearAccount(resident.actor.state, this.#around);
    this.#options.listener.lagged(account);
    return { ok: true };
  }

  /** The account's actor, activated where it is not up. */
  async #resident(account: AccountId): Promise<Resident> {
    let resident = await (this.#residents.get(account) ?? this.#activate(account));
    if (resident.actor.stopped) {
      this.#dismiss(resident, "it has failed");
      resident = await (this.#residents.get(account) ?? this.#activate(account));
    }
    resident.actor.touched = this.#around.clock.monotonic();
    return resident;
  }

  #activate(account: AccountId): Promise<Resident> {
    const { clock, logger } = this.#around;
    const activating = AccountActor.activate(
      account,
      this.#around,
      (announcement, entry, origin) => this.#public(announcement, entry, origin),
      (seq) => this.#watches.reached(account, seq),
    ).then(
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
        const resident = new Resident(actor, this.#options.hints, clock, failed);
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

  #dismiss(resident: Resident, why: string): void {
    const { actor } = resident;
    actor.stop({ kind: "unavailable", why });
    resident.leave();
    if (this.#up.get(actor.id) === resident) {
      this.#up.delete(actor.id);
      this.#residents.delete(actor.id);
    }
  }

  #public(announcement: Announcement, entry: LogEntry, origin: Origin): void {
    this.#watches.committed(announcement);
    const { hints } = this.#options;
    if (hints && origin === "appended here") hints.publish(channelOf(entry.account), packHint(entry));
  }

  /** Announces the account's entries to the listener from now on. */
  watch(account: AccountId): void {
    this.#watches.begin(account, this.#up.get(account)?.actor.state.seq ?? null);
  }

  unwatch(account: AccountId): void {
    this.#watches.end(account);
  }

  #scheduleTick(): void {
    if (this.#closed) return;
    this.#cancelTick = this.#around.clock.after(this.#pace.tick, () => {
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
    for (const resident of [...this.#up.values()]) {
      if (resident.actor.unsure) await this.#unlessFaulty(resident, async () => void (await resident.refresh()));
    }
  }

  async #keep(now: number): Promise<void> {
    await this.#uploads.forgetAbandoned();
    for (const resident of [...this.#up.values()]) {
      await this.#unlessFaulty(resident, () => this.#lookAfter(resident, now));
    }
    await this.#makeRoom();
  }

  async #lookAfter(resident: Resident, now: number): Promise<void> {
    const { actor } = resident;
    if (actor.stopped) return this.#dismiss(resident, "it has failed");
    const isQuiet = now - resident.lastChange > this.#pace.quiet;
    const { size } = actor.unrecorded;
    if (size > this.#pace.mostUnrecorded || (isQuiet && size > 0)) await writeRecords(actor, this.#content);
    const behind = actor.state.seq - actor.snapshotSeq;
    if (
      behind > this.#pace.mostEntriesToReplay ||
      (isQuiet && (behind > this.#pace.entriesPerSnapshot || this.#upkeep.forgets(actor)))
    ) {
      await writeBehind(actor, this.#content, this.#around);
    }
    if (isQuiet) this.#upkeep.consider(actor, now);
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
    const { hints } = this.#options;
    if (!hints || now - this.#lastPoll < (hints.healthy ? this.#pace.poll : this.#pace.pollWithoutHints)) return;
    this.#lastPoll = now;
    const accounts = [...new Set([...this.#up.keys(), ...this.#watches.accounts()])];
    if (accounts.length === 0) return;
    const heads = await this.#around.stores.log.heads(accounts);
    for (const [at, account] of accounts.entries()) {
      const resident = this.#up.get(account);
      if (resident && heads[at]! > resident.actor.state.seq) {
        await this.#unlessFaulty(resident, () => resident.actor.catchUp());
      }
      if (!resident) this.#watches.reached(account, heads[at]!);
    }
  }

  /** Passivates the actors idle longest until the rest fits into half of the memory given. */
  async #makeRoom(): Promise<void> {
    let weight = 0;
    for (const resident of this.#up.values()) weight += resident.weight;
    const budget = this.#options.memory / 2;
    if (weight <= budget) return;
    const byIdleness = [...this.#up.values()].sort((a, b) => a.actor.touched - b.actor.touched);
    for (const resident of byIdleness) {
      if (weight <= budget) return;
      if (resident.actor.busy) continue;
      const relief = resident.weight;
      if (await this.#passivate(resident)) weight -= relief;
    }
  }

  async #passivate(resident: Resident): Promise<boolean> {
    if (resident.dirty) await writeBehind(resident.actor, this.#content, this.#around);
    // A change may have come in while its state was being written.
    if (resident.dirty || resident.actor.busy) return false;
    this.#dismiss(resident, "it is passivated");
    return true;
  }

  stats(): { actors: number; waiting: number; unrecorded: number } {
    const stats = { actors: this.#up.size, waiting: 0, unrecorded: 0 };
    for (const { actor } of this.#up.values()) {
      stats.waiting += actor.waiting;
      stats.unrecorded += actor.unrecorded.size;
    }
    return stats;
  }

  /** Writes everything behind and lets go. What was acknowledged is safe with or without it; the next start is quicker. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTick();
    await this.#ticking;
    await this.#keeping;
    await this.#upkeep.settled();
    for (const resident of [...this.#up.values()]) {
      try {
        if (resident.dirty) await writeBehind(resident.actor, this.#content, this.#around);
      } catch (error) {
        this.#around.logger.warn({ account: resident.actor.id, err: error }, "state not written; the log has it");
      }
      this.#dismiss(resident, "the server is stopping");
    }
  }
}

/** The store could not say what became of it, or takes nothing more anyway. */
function mayBeKept({ kind }: Refusal): boolean {
  return kind === "unavailable" || kind === "storeFull";
}
