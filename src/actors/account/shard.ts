import { isOpen } from "../../domain/account/account.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { StoreUnavailable } from "../../store/log.ts";
import { refusedOutcome } from "./account-actor.ts";
import { clearAccount, closeAccount } from "./close-account.ts";
import { ContentReader, readerOf } from "./content-reader.ts";
import { listDeparted, readDeparted } from "./departed-reads.ts";
import { singles } from "./draft.ts";
import { Housekeeping } from "./housekeeping.ts";
import { factsOf, listMailboxes, openMailbox, readColumns, readVanished } from "./mailbox-reads.ts";
import type { StagedMessage } from "./materialise.ts";
import { readContent } from "./read-content.ts";
import { readAttachment, readMessage, readSummaries } from "./read-messages.ts";
import type { AccountRequest, AccountRequests, AnswerTo, Outcome, Taken } from "./requests.ts";
import { Residence } from "./residence.ts";
import type { Resident } from "./resident.ts";
import { restoreDeparted } from "./restore-departed.ts";
import { search } from "./search.ts";
import { type ShardPace, usualPace } from "./shard-pace.ts";
import { storeRefusal } from "./store-refusal.ts";
import type { Surroundings } from "./surroundings.ts";
import { Upkeep } from "./upkeep.ts";
import { Uploads } from "./uploads.ts";
import { type Listener, Watches } from "./watches.ts";

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

/** A shard: the accounts that one thread is responsible for. An actor is activated on its account's first request. */
export class Shard {
  readonly #around: Surroundings;
  readonly #options: ShardOptions;
  readonly #residence: Residence;
  readonly #watches: Watches;
  readonly #content: ContentReader;
  readonly #uploads: Uploads;
  readonly #upkeep: Upkeep;
  readonly #housekeeping: Housekeeping;

  constructor(around: Surroundings, options: ShardOptions) {
    const { hints, memory, pace = usualPace } = options;
    this.#around = around;
    this.#options = options;
    this.#watches = new Watches(options.listener, hints);
    this.#residence = new Residence(around, hints, this.#watches);
    this.#content = new ContentReader(around, Math.floor(memory / 4));
    this.#uploads = new Uploads(around);
    this.#upkeep = new Upkeep(around, pace.entriesPerBase);
    this.#housekeeping = new Housekeeping(around, {
      residence: this.#residence,
      watches: this.#watches,
      content: this.#content,
      uploads: this.#uploads,
      upkeep: this.#upkeep,
      ...{ hints, memory, pace },
    });
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
    const resident = await this.#residence.of(account);
    const { actor } = resident;
    // A session is told of an entry as soon as this node hears of it, which may be before the actor does: one that is
    // just being activated. What it asks for then must not be older than what it was told.
    const told = this.#watches.seqOf(account);
    if (told > actor.state.seq && !(await resident.refresh(told)) && changing.has(request.kind)) {
      return refusedOutcome({ kind: "unavailable", why: "the store is unavailable" });
    }
    if (!(await this.#isSomebodys(resident))) return refusedOutcome({ kind: "noSuchAccount" });
    switch (request.kind) {
      case "mailboxes":
        await resident.refresh();
        await resident.recall();
        return listMailboxes(actor.state, actor.claimed);
      case "openMailbox": {
        // Who has seen more than this node must not be shown less.
        const since = request.resync?.since ?? 0;
        if (!(await resident.refresh(since)) && since > actor.state.seq) {
          return refusedOutcome({ kind: "unavailable", why: "the store is unavailable" });
        }
        await resident.recall();
        const opened = openMailbox(actor.state, request, actor.claimed);
        if (opened.ok && request.claimRecent) resident.claim(opened.mailbox.id, opened.mailbox.uidNext - 1);
        return opened;
      }
      case "claimRecent":
        await resident.recall();
        return { ok: true, recent: resident.claim(request.mailbox, request.upTo) };
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

  /** Whether a user has the account; what is not known to be one may have become one on another node. */
  async #isSomebodys({ actor }: Resident): Promise<boolean> {
    if (isOpen(actor.state)) return true;
    await actor.catchUp();
    return isOpen(actor.state);
  }

  /** What departed before this may be forgotten at any moment: it is not offered any more. */
  #restorable(): number {
    const { clock, limits } = this.#around;
    return clock.now() - limits.retention;
  }

  async #change(account: AccountId, { request, command }: AccountRequests["change"]["ask"]): Promise<Outcome> {
    const resident = await this.#residence.of(account);
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
    const resident = await this.#residence.of(account);
    const refused = await closeAccount(resident.actor);
    if (refused) return refused;
    this.#residence.dismiss(resident, "the account is deleted");
    await this.#upkeep.settled();
    await clearAccount(resident.actor.state, this.#around);
    this.#options.listener.lagged(account);
    return { ok: true };
  }

  /** Announces the account's entries to the listener from now on. */
  watch(account: AccountId): void {
    this.#watches.begin(account, this.#residence.find(account)?.actor.state.seq ?? null);
  }

  unwatch(account: AccountId): void {
    this.#watches.end(account);
  }

  stats(): { actors: number; waiting: number; unrecorded: number } {
    const stats = { actors: 0, waiting: 0, unrecorded: 0 };
    for (const { actor } of this.#residence.all) {
      stats.actors += 1;
      stats.waiting += actor.waiting;
      stats.unrecorded += actor.unrecorded.size;
    }
    return stats;
  }

  /** Writes everything behind and lets go. */
  close(): Promise<void> {
    return this.#housekeeping.close();
  }
}

/** The store could not say what became of it, or takes nothing more anyway. */
function mayBeKept({ kind }: Refusal): boolean {
  return kind === "unavailable" || kind === "storeFull";
}
