import type { Announcement, OpenedMailbox } from "../../actors/account/requests.ts";
import type { AccountEvent } from "../../domain/account/events.ts";
import {
  countUids,
  difference,
  intersection,
  noUids,
  runOf,
  type UidRuns,
  union,
} from "../../domain/account/uid-runs.ts";
import type { MailboxId } from "../../domain/ids.ts";
import { sequencesOf, uidsAt } from "./sequence-numbers.ts";
import { ToldKeywords } from "./told-keywords.ts";
import { type SequenceWalk, sequenceWalk } from "./wire/print/sequence-walk.ts";
import { resolveSet } from "./wire/sequence-set.ts";
import type { SequenceSet } from "./wire/types.ts";

/**
 * A session's memory of what its client has been told about the selected mailbox, and of what it has yet to be told.
 *
 * - Sequence numbers exist here and nowhere else.
 * - `known` changes only when the client is told: `takeVanished` and `takeArrived`.
 * - News is folded into sets, so a thousand changes of one flag are one UID. Where the sets would grow past their
 *   bound they are dropped and the view is `behind`: what is true now has to be asked for (resync.ts).
 * - UIDs only ever grow at the end.
 */
export class View {
  readonly mailbox: MailboxId;
  readonly writable: boolean;
  readonly uidValidity: number;
  path: string;
  /** Told as \Recent (RFC 3501 §2.3.2). */
  recent: UidRuns;
  readonly keywords: ToldKeywords;
  /** Of the last change of this mailbox that was folded in. */
  highestModSeq: number;
  /** The mailbox has been deleted. */
  gone = false;
  /** News was missed or did not fit. */
  behind = false;

  #known: UidRuns;
  #count: number;
  #arrived: UidRuns = noUids;
  #changed: UidRuns = noUids;
  #vanished: UidRuns = noUids;
  /** Folded in up to here. */
  #seq: number;
  /** Everything up to here has been told. */
  #told: number;
  /** Announcements that came while the truth was being asked for. */
  #waiting: Announcement[] | null = null;

  constructor(opened: OpenedMailbox, writable: boolean) {
    const { mailbox, uids, seq, recent, keywords } = opened;
    this.mailbox = mailbox.id;
    this.writable = writable;
    this.uidValidity = mailbox.uidValidity;
    // Answers are copies; what thousands of sessions have in common is kept once.
    this.path = mailbox.path === "INBOX" ? "INBOX" : mailbox.path;
    this.recent = recent.length === 0 ? noUids : recent;
    this.keywords = new ToldKeywords(keywords);
    this.highestModSeq = mailbox.highestModSeq;
    this.#known = uids;
    this.#count = countUids(uids);
    this.#seq = seq;
    this.#told = seq;
  }

  /** UIDs the client knows. */
  get known(): UidRuns {
    return this.#known;
  }

  /** What EXISTS said last, less what EXPUNGE said since. */
  get count(): number {
    return this.#count;
  }

  /** Highest UID the client knows; 0: none. */
  get top(): number {
    return this.#known[this.#known.length - 1] ?? 0;
  }

  /** The client has been told of everything up to this entry of the account's log. */
  get told(): number {
    return this.#told;
  }

  /** Whether there is something the client has not been told. */
  get news(): boolean {
    return this.behind || this.#arrived.length + this.#changed.length + this.#vanished.length > 0;
  }

  /** Whether some of `uids` are gone although the client has not been told. */
  misses(uids: UidRuns): boolean {
    return intersection(this.#vanished, uids).length > 0;
  }

  /**
   * UIDs that a set means, among those known. Null where a sequence number is above the number of messages
   * (RFC 3501 §9, seq-number). `*` is accepted in an empty mailbox: clients send `1:*` without looking at EXISTS.
   */
  resolve(set: SequenceSet, addressing: Addressing): UidRuns | null {
    if (addressing === "uid") return intersection(resolveSet(set, this.top), this.#known);
    if (this.#count === 0 && set.every((_, at) => at % 2 === 0 || set[at]! > 0xffff_ffff)) return noUids;
    const sequences = resolveSet(set, this.#count);
    if ((sequences[sequences.length - 1] ?? 0) > this.#count) return null;
    return uidsAt(this.#known, sequences);
  }

  /** Sequence numbers of those of `uids` that the client knows. */
  sequences(uids: UidRuns): UidRuns {
    return sequencesOf(this.#known, uids);
  }

  /** Sequence numbers one after the other, for UIDs in ascending order. */
  walk(): SequenceWalk {
    return sequenceWalk(this.#known);
  }

  /** Takes in what happened. Flag changes of `own` are left out: the command that made them answers for them. */
  fold(announcement: Announcement, own: string | null): void {
    if (this.#waiting !== null) {
      if (this.#waiting.length < longestWait) this.#waiting.push(announcement);
      else this.lag();
      return;
    }
    const { seq } = announcement;
    if (seq <= this.#seq) return;
    // Entries come in order and without gaps; one that is missing means that news was lost on the way.
    if (seq > this.#seq + 1) this.lag();
    this.#seq = seq;
    if (!this.news) this.#told = seq - 1;
    for (const { request, events } of announcement.transactions) {
      for (const event of events) this.#take(event, seq, request === own);
    }
    if (!this.news) this.#told = seq;
    else if (this.#arrived.length + this.#changed.length + this.#vanished.length > mostNews) this.lag();
  }

  /** News was missed, or is too much to keep. */
  lag(): void {
    this.behind = true;
    this.#arrived = noUids;
    this.#changed = noUids;
    this.#vanished = noUids;
  }

  /** Begins asking for the truth; answers the mod-sequence after which it is unknown. `resynced` must follow. */
  resyncing(): number {
    this.behind = false;
    this.#waiting = [];
    return this.#told;
  }

  /**
   * The truth: messages changed or new after what `resyncing` said, and messages gone, as of `seq` or later.
   * What was announced meanwhile is folded in behind it.
   */
  resynced(truth: { seq: number; present: UidRuns; vanished: UidRuns; highestModSeq: number } | null): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (truth === null) {
      this.lag();
      return;
    }
    const missed = this.behind;
    this.behind = false;
    this.#changed = union(this.#changed, intersection(truth.present, this.#known));
    this.#arrived = union(this.#arrived, intersection(truth.present, runOf(this.top + 1, highestUid)));
    this.#vanished = union(this.#vanished, intersection(truth.vanished, this.#known));
    this.highestModSeq = Math.max(this.highestModSeq, truth.highestModSeq);
    this.#seq = truth.seq;
    if (!this.news) this.#told = truth.seq;
    for (const announcement of waiting) this.fold(announcement, null);
    if (missed) this.lag();
  }

  /** Tells that messages are gone: forgets them; answers their UIDs and the sequence numbers they had. */
  takeVanished(): { uids: UidRuns; sequences: UidRuns } {
    const uids = this.#vanished;
    if (uids.length === 0) return nothingVanished;
    const sequences = sequencesOf(this.#known, uids);
    this.#vanished = noUids;
    this.#known = difference(this.#known, uids);
    this.#count -= countUids(uids);
    this.recent = difference(this.recent, uids);
    this.#settle();
    return { uids, sequences };
  }

  /** The highest UID of messages that the client has yet to be told of; 0: there are none. */
  get arrivedUpTo(): number {
    return this.#arrived[this.#arrived.length - 1] ?? 0;
  }

  /** Tells that messages up to a UID have arrived, `recent` of them \Recent to this session; answers whether any have. */
  takeArrived(upTo: number, recent: UidRuns): boolean {
    const uids = intersection(this.#arrived, runOf(1, upTo));
    if (uids.length === 0) return false;
    this.#arrived = difference(this.#arrived, uids);
    this.#known = union(this.#known, uids);
    this.#count += countUids(uids);
    this.recent = union(this.recent, intersection(recent, uids));
    this.#settle();
    return true;
  }

  /** Takes the messages whose flags the client has to be told. */
  takeChanged(): UidRuns {
    const uids = this.#changed;
    this.#changed = noUids;
    return uids;
  }

  /** The client has yet to be told of these flags after all: telling failed. */
  touch(uids: UidRuns): void {
    this.#changed = union(this.#changed, intersection(uids, this.#known));
  }

  #settle(): void {
    if (!this.news) this.#told = this.#seq;
  }

  #take(event: AccountEvent, seq: number, own: boolean): void {
    switch (event.kind) {
      case "appended":
        this.keywords.learn(event.flags);
        if (event.mailbox === this.mailbox) this.#arrive(runOf(event.uid), seq);
        return;
      case "copied":
      case "restored":
        if (event.to === this.mailbox) this.#arrive(placedAt(event), seq);
        return;
      case "moved":
        if (event.mailbox === this.mailbox) this.#vanish(event.uids, seq);
        if (event.to === this.mailbox) this.#arrive(placedAt(event), seq);
        return;
      case "expunged":
        if (event.mailbox === this.mailbox) this.#vanish(event.uids, seq);
        return;
      case "flagsChanged":
        if (event.change !== "remove") this.keywords.learn(event.flags);
        if (event.mailbox !== this.mailbox) return;
        this.highestModSeq = seq;
        if (!own && !this.behind) this.#changed = union(this.#changed, intersection(event.uids, this.#known));
        return;
      case "accountClosed":
        this.gone = true;
        return;
      case "mailboxDeleted":
        if (event.mailbox === this.mailbox) this.gone = true;
        return;
      case "mailboxRenamed":
        if (event.mailbox === this.mailbox) this.path = event.path;
        return;
    }
  }

  #arrive(uids: UidRuns, seq: number): void {
    this.highestModSeq = seq;
    if (this.behind) return;
    // Never below what was seen: RFC 3501 §2.3.1.1.
    const top = Math.max(this.top, this.#arrived[this.#arrived.length - 1] ?? 0);
    this.#arrived = union(this.#arrived, intersection(uids, runOf(top + 1, highestUid)));
  }

  #vanish(uids: UidRuns, seq: number): void {
    this.highestModSeq = seq;
    if (this.behind) return;
    this.#arrived = difference(this.#arrived, uids);
    this.#changed = difference(this.#changed, uids);
    this.#vanished = union(this.#vanished, intersection(uids, this.#known));
  }
}

export type Addressing = "sequence" | "uid";

const highestUid = 0xffff_ffff;
/** Numbers in the sets of news that a session keeps: 32 kB at the very most. */
const mostNews = 4_096;
/** Announcements kept while the truth is being asked for. */
const longestWait = 256;
const nothingVanished = { uids: noUids, sequences: noUids };

function placedAt({ uids, firstUid }: { uids: UidRuns; firstUid: number }): UidRuns {
  return runOf(firstUid, firstUid + countUids(uids) - 1);
}
