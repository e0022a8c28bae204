import type { AccountId } from "../domain/ids.ts";

/**
 * How many messages may be on their way into mailboxes at one time. Nobody queues in front of it: who finds no place is
 * told so at once, before the message is sent, and an MTA comes again.
 *
 * - While there are places for all, up to `most` messages are on their way.
 * - When one is refused the server is overloaded, until for half a second nobody had to be refused. Meanwhile only so many
 *   are let in as get through in twice the usual time: every few answers their times are looked at, and there are
 *   fewer places where they are longer, more where they are shorter.
 * - Meanwhile one account has a quarter of the places at most; the others are left to the others.
 * - A message that takes long to arrive stands in nobody's way: after ten times the usual time, two seconds at most, it
 *   does not count until it is there. But `timesMost` times `most` are never inside, which bounds what they hold in memory.
 */
export class Admission {
  readonly #most: number;
  readonly #monotonic: () => number;
  readonly #overloaded: () => void;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Messages that arrive, the oldest first. */
  readonly #arriving = new Set<Place>();
  /** Those of them that take long. */
  readonly #late = new Set<Place>();
  /** Messages that have arrived and are being stored. */
  readonly #arrived = new Set<Place>();
  readonly #ofAccount = new Map<AccountId, number>();
  #places: number;
  /** When somebody was last refused; null: the server is not overloaded. */
  #refusedAt: number | null = null;
  /** How long the last few messages took, milliseconds. */
  #times: number[] = [];
  /** How long they take while few are on their way. */
  #usual: number | null = null;
  /** When they were last looked at. */
  #lookedAt = 0;

  /** `overloaded` is told when that begins, once a minute at most. */
  constructor(most: number, monotonic: () => number, overloaded: () => void = () => {}) {
    this.#most = most;
    this.#places = most;
    this.#monotonic = monotonic;
    this.#overloaded = overloaded;
  }

  /** Whether there is no place for a message that would begin now: who asks is refused by that. */
  turnsAway(): boolean {
    const now = this.#monotonic();
    this.#settle(now);
    const counted = this.#arriving.size + this.#arrived.size;
    if (counted < this.#places && counted + this.#late.size < this.#most * timesMost) return false;
    this.#refused(now);
    return true;
  }

  /** A place for one message, to be left again; null where there is none. */
  enter(): Place | null {
    if (this.turnsAway()) return null;
    const place: Place = { since: this.#monotonic(), accounts: [] };
    this.#arriving.add(place);
    return place;
  }

  /** Whether the message may go to this account, too. */
  allots(place: Place, account: AccountId): boolean {
    const now = this.#monotonic();
    this.#settle(now);
    const has = this.#ofAccount.get(account) ?? 0;
    if (this.#refusedAt !== null && has >= Math.ceil(this.#places / share)) {
      this.#refused(now);
      return false;
    }
    this.#ofAccount.set(account, has + 1);
    place.accounts.push(account);
    return true;
  }

  /** All of the message is there. */
  arrived(place: Place): void {
    if (this.#arriving.delete(place) || this.#late.delete(place)) this.#arrived.add(place);
  }

  /** Says that the message is stored or refused, or will not come. */
  leave(place: Place): void {
    const stored = this.#arrived.delete(place);
    if (!stored && !this.#arriving.delete(place) && !this.#late.delete(place)) return;
    for (const account of place.accounts) {
      const has = this.#ofAccount.get(account)! - 1;
      if (has > 0) this.#ofAccount.set(account, has);
      else this.#ofAccount.delete(account);
    }
    const now = this.#monotonic();
    const time = now - place.since;
    const few = this.#arriving.size + this.#arrived.size <= this.#most * fewPart;
    if (stored && time < longest && (few || this.#refusedAt !== null)) this.#took(time, now);
  }

  /** Messages on their way, and how many may be at this moment. */
  gauges(): { inside: number; places: number } {
    this.#settle(this.#monotonic());
    return { inside: this.#arriving.size + this.#late.size + this.#arrived.size, places: this.#places };
  }

  #settle(now: number): void {
    if (this.#refusedAt !== null && now - this.#refusedAt > calm) {
      this.#refusedAt = null;
      this.#places = this.#most;
      this.#times = [];
    }
    const patience = this.#patience();
    for (const place of this.#arriving) {
      if (now - place.since < patience) return;
      this.#arriving.delete(place);
      this.#late.add(place);
    }
  }

  #refused(now: number): void {
    if (this.#refusedAt === null) {
      this.#places = this.#within(this.#most * fewPart);
      this.#times = [];
      this.#lookedAt = now;
      this.#tell(now);
    }
    this.#refusedAt = now;
  }

  #tell(now: number): void {
    if (now - this.#toldAt < toldAgain) return;
    this.#toldAt = now;
    this.#overloaded();
  }

  #took(time: number, now: number): void {
    this.#times.push(time);
    if (this.#times.length < lookedAt) return;
    const middle = this.#times.sort((a, b) => a - b)[lookedAt >> 1]!;
    const since = now - this.#lookedAt;
    this.#times = [];
    this.#lookedAt = now;
    if (this.#refusedAt === null) return this.#learn(middle, newest);
    if (this.#usual === null) return;
    const slow = middle > this.#usual * longer;
    // With the fewest places it is not the others who make a message slow. Where that lasts the store has become slower,
    // and held against what was usual before nobody would ever be let in again as the store can carry it.
    if (slow && this.#places === this.#within(fewest)) this.#learn(middle, Math.min(1, since / relearnt));
    this.#places = this.#within(slow ? this.#places * fewer : this.#places + more);
  }

  #learn(middle: number, part: number): void {
    this.#usual = (this.#usual ?? middle) * (1 - part) + middle * part;
  }

  /** Milliseconds after which a message that is still arriving does not count. */
  #patience(): number {
    return this.#usual === null ? longest : Math.min(longest, Math.max(shortest, this.#usual * timesUsual));
  }

  #within(places: number): number {
    return Math.round(Math.min(this.#most, Math.max(fewest, places)));
  }
}

/** One message on its way. */
export type Place = { readonly since: number; readonly accounts: AccountId[] };

/** Milliseconds without a refusal after which the server is not overloaded any more. */
const calm = 500;
/** A message that is still arriving after so many times the usual time does not count; within these bounds, milliseconds. */
const timesUsual = 10;
const shortest = 200;
const longest = 2000;
const timesMost = 4;
/** One account's part of the places is one in so many. */
const share = 4;
/** How many times as long as usual a message may take before there are fewer places. */
const longer = 2;
/** Messages whose times are looked at together. */
const lookedAt = 32;
/** A commit for so many costs hardly more than one for a few: with fewer places nobody would be served sooner. */
const fewest = 16;
/** Part of the places up to which few are on their way; and what is left of them when somebody is refused. */
const fewPart = 1 / 8;
const fewer = 0.8;
const more = 2;
/** How much the last few messages say about what is usual. */
const newest = 1 / 16;
/** Milliseconds until the operator is told of another overload. */
const toldAgain = 60_000;
/** Milliseconds of overload in which it is learnt again. */
const relearnt = 30_000;
