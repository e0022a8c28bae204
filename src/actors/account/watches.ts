import type { LogEntry } from "../../domain/account/events.ts";
import type { AccountId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { announcementOf } from "./account-actor.ts";
import { channelOf, unpackHint } from "./entry-hint.ts";
import type { Announcement } from "./requests.ts";

/** Where announcements go: the thread of the sessions. */
export interface Listener {
  announced(announcement: Announcement): void;
  lagged(account: AccountId): void;
}

/**
 * Accounts that sessions of this node look at. They need no actor for that: an idle session is told of an entry by
 * whoever appended it, here or on another node. Each account's entries are told in order; after a gap the session is
 * told to ask.
 */
export class Watches {
  readonly #listener: Listener;
  readonly #hints: Hints | null;
  readonly #watched = new Map<AccountId, Watched>();

  constructor(listener: Listener, hints: Hints | null) {
    this.#listener = listener;
    this.#hints = hints;
  }

  /** `seq`: what the account is known to be at; null: not known yet. */
  begin(account: AccountId, seq: number | null): void {
    const known = this.#watched.get(account);
    if (known) {
      known.seq ??= seq;
      return;
    }
    const unsubscribe = this.#hints?.subscribe(channelOf(account), {
      heard: (payload) => {
        const hint = unpackHint(payload);
        if (hint?.account === account) this.#heard(account, hint.seq, hint.entry);
      },
      gap: () => this.#listener.lagged(account),
    });
    this.#watched.set(account, { seq, unsubscribe: unsubscribe ?? (() => {}) });
  }

  end(account: AccountId): void {
    this.#watched.get(account)?.unsubscribe();
    this.#watched.delete(account);
  }

  /** An entry became public on this node. */
  committed(announcement: Announcement): void {
    const watched = this.#watched.get(announcement.account);
    if (!watched || (watched.seq !== null && announcement.seq <= watched.seq)) return;
    if (watched.seq !== null && announcement.seq !== watched.seq + 1) this.#listener.lagged(announcement.account);
    watched.seq = announcement.seq;
    this.#listener.announced(announcement);
  }

  /** The account is now known to be at `seq`: whoever was told less has something to ask for. */
  reached(account: AccountId, seq: number): void {
    const watched = this.#watched.get(account);
    if (!watched) return;
    if (watched.seq !== null && watched.seq < seq) this.#listener.lagged(account);
    watched.seq = Math.max(watched.seq ?? 0, seq);
  }

  #heard(account: AccountId, seq: number, entry: LogEntry | null): void {
    const watched = this.#watched.get(account);
    if (!watched || (watched.seq !== null && seq <= watched.seq)) return;
    if (entry && (watched.seq === null || seq === watched.seq + 1)) {
      watched.seq = seq;
      this.#listener.announced(announcementOf(entry));
    } else this.reached(account, seq);
  }

  /** What the account's sessions have been told of; 0: nothing is known, or nobody watches. */
  seqOf(account: AccountId): number {
    return this.#watched.get(account)?.seq ?? 0;
  }

  accounts(): AccountId[] {
    return [...this.#watched.keys()];
  }

  has(account: AccountId): boolean {
    return this.#watched.has(account);
  }
}

type Watched = { seq: number | null; readonly unsubscribe: () => void };
