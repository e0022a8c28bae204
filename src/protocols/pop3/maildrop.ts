import type { Columns, OpenedMailbox } from "../../actors/account/requests.ts";
import { countUids, runsOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { MailboxId, Uid } from "../../domain/ids.ts";

/**
 * What this client has been told: INBOX as it was at login, and what is marked in it. Message numbers exist here and
 * nowhere else. A message that arrives later is not in it; one that is removed meanwhile keeps its number.
 *
 * @see RFC 1939 §5 (the TRANSACTION state's view of the maildrop)
 */
export class Maildrop {
  readonly mailbox: MailboxId;
  readonly #uidValidity: number;
  readonly #uids: Uint32Array;
  readonly #sizes: Uint32Array;
  /** Indexes marked by DELE. */
  readonly #deleted = new Set<number>();
  /** Indexes sent by RETR. */
  readonly #retrieved = new Set<number>();

  constructor(opened: OpenedMailbox, columns: Columns) {
    this.mailbox = opened.mailbox.id;
    this.#uidValidity = opened.mailbox.uidValidity;
    this.#uids = columns.uids;
    this.#sizes = columns.sizes;
  }

  /** The message of that number, unless there is none or it is marked as deleted. */
  find(number: number): Listed | null {
    return this.#has(number - 1) ? this.#listed(number - 1) : null;
  }

  /** Every message that is not marked as deleted, in order. */
  *listed(): Generator<Listed> {
    for (let index = 0; index < this.#uids.length; index++) if (this.#has(index)) yield this.#listed(index);
  }

  /** How many are not marked as deleted, and their octets together. */
  totals(): { messages: number; octets: number } {
    let octets = 0;
    for (const size of this.#sizes) octets += size;
    for (const index of this.#deleted) octets -= this.#sizes[index]!;
    return { messages: this.#uids.length - this.#deleted.size, octets };
  }

  delete(number: number): void {
    this.#deleted.add(number - 1);
  }

  retrieved(number: number): void {
    this.#retrieved.add(number - 1);
  }

  /** RFC 1939 §7, RSET: unmarks what is marked as deleted. */
  reset(): void {
    this.#deleted.clear();
  }

  /** What is to become true at QUIT. */
  marks(): { deleted: UidRuns; seen: UidRuns } {
    const seen = [...this.#retrieved].filter((index) => !this.#deleted.has(index));
    return { deleted: this.#runs(this.#deleted), seen: this.#runs(seen) };
  }

  /** The marks in words, for those who look at sessions; empty where there are none. */
  describe(): string {
    const { deleted, seen } = this.marks();
    const parts: string[] = [];
    if (deleted.length > 0) parts.push(`delete ${countUids(deleted)} of ${this.#uids.length}: ${print(deleted)}`);
    if (seen.length > 0) parts.push(`seen ${countUids(seen)}: ${print(seen)}`);
    return parts.join("; ");
  }

  #has(index: number): boolean {
    return index >= 0 && index < this.#uids.length && !this.#deleted.has(index);
  }

  #listed(index: number): Listed {
    const uid = this.#uids[index]! as Uid;
    return { number: index + 1, uid, octets: this.#sizes[index]!, uniqueId: `${this.#uidValidity}.${uid}` };
  }

  #runs(indexes: Iterable<number>): UidRuns {
    return runsOf(Array.from(indexes, (index) => this.#uids[index]!));
  }
}

export type Listed = {
  readonly number: number;
  readonly uid: Uid;
  /**
   * Octets as stored. That is what RETR sends where all lines end with CRLF, as they do in mail from an MTA; counting
   * the bare LFs of anything else would mean reading every message at login (RFC 1939 §11).
   */
  readonly octets: number;
  /** UIDVALIDITY "." UID: stays while the message stays, and two copies of one message have two (RFC 1939 §7, UIDL). */
  readonly uniqueId: string;
};

function print(runs: UidRuns): string {
  const words: string[] = [];
  for (let at = 0; at < runs.length && at < mostRunsShown * 2; at += 2) {
    words.push(runs[at] === runs[at + 1] ? `${runs[at]}` : `${runs[at]}:${runs[at + 1]}`);
  }
  return runs.length > mostRunsShown * 2 ? `${words.join(",")},…` : words.join(",");
}

const mostRunsShown = 50;
