import type { Accounts, Announcement } from "../../../actors/account/requests.ts";
import type { Clock } from "../../../actors/runtime/clock.ts";
import type { Flag } from "../../../domain/account/events.ts";
import { keywordShift, systemFlagNames, systemMask } from "../../../domain/account/flags.ts";
import { countUids, eachUid, runOf } from "../../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId } from "../../../domain/ids.ts";
import type { Logger } from "../../../operation/logger.ts";
import { granted } from "../refusals.ts";
import {
  countersOf,
  eventId,
  eventText,
  flagChangesOf,
  mailboxesOf,
  type UpdateEvent,
  updatesOf,
} from "./update-events.ts";

/** Announcements that wait for a slow client; past it they are forgotten and the client is told what is true then. */
const patience = 1000;
/** Milliseconds between comments that keep proxies from closing a quiet stream. */
const idleEvery = 15_000;

type Parts = {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly leaving: AbortSignal;
  readonly logger: Logger;
  /** Called when the stream has ended, however. */
  readonly ended: () => void;
};

/**
 * The changes of an account as an event stream. It holds a bounded number of announcements and renders one when the
 * client takes it; whoever falls behind, or comes back with the id of the last event it saw, is told of the mailboxes
 * that changed since.
 */
export class UpdateStream {
  readonly #parts: Parts;
  readonly #account: AccountId;
  #waiting: Announcement[] = [];
  /** All up to here has been told. */
  #seq: number;
  /** Announcements were missed: what happened after `#seq` is to be read from the account. */
  #behind: boolean;
  #greeted = false;
  #idles = 0;
  #idleDue = false;
  #ended = false;
  #wake: () => void = () => {};
  #stops: (() => void)[] = [];

  /** @param since the seq of the last event the client saw; null: from now on */
  static async open(parts: Parts, account: AccountId, since: number | null): Promise<UpdateStream> {
    const stream = new UpdateStream(parts, account);
    stream.#stops.push(
      parts.accounts.watch(account, {
        announced: (announcement) => stream.#announced(announcement),
        lagged: () => stream.#lagged(),
      }),
    );
    try {
      const { seq } = granted(await parts.accounts.ask(account, { kind: "catchUp" }));
      stream.#seq = since === null ? seq : Math.min(since, seq);
      if (stream.#seq < seq) stream.#lagged();
    } catch (error) {
      stream.end();
      throw error;
    }
    return stream;
  }

  private constructor(parts: Parts, account: AccountId) {
    this.#parts = parts;
    this.#account = account;
    this.#seq = 0;
    this.#behind = false;
    this.#stops.push(parts.ended);
    const leave = () => this.end();
    parts.leaving.addEventListener("abort", leave);
    this.#stops.push(() => parts.leaving.removeEventListener("abort", leave));
    this.#scheduleIdle();
  }

  /** The stream itself; whoever cancels it ends the watch. */
  readable(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const text = await this.next();
            if (text !== null) return controller.enqueue(encoder.encode(text));
          } catch (error) {
            // The client comes back by itself, with the id of the last event it saw.
            this.#parts.logger.warn({ account: this.#account, err: error }, "Cannot go on with an event stream");
            this.end();
          }
          controller.close();
        },
        cancel: () => this.end(),
      },
      { highWaterMark: 0 },
    );
  }

  /** The next piece of the stream, when there is one; null: it has ended. */
  async next(): Promise<string | null> {
    while (!this.#ended) {
      // The head of the response goes out with the first bytes: a client must not wait for news to know it is heard.
      if (!this.#greeted) {
        this.#greeted = true;
        return ": listening\n\n";
      }
      if (this.#behind) return this.#catchUp();
      const announcement = this.#waiting.shift();
      if (announcement) {
        if (announcement.seq <= this.#seq) continue;
        const text = await this.#render(announcement);
        this.#seq = announcement.seq;
        if (text !== "") return text;
      } else if (this.#idleDue) {
        this.#idleDue = false;
        return `: idling ${++this.#idles}\n\n`;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    return null;
  }

  end(): void {
    this.#ended = true;
    this.#waiting = [];
    for (const stop of this.#stops.splice(0)) stop();
    this.#wake();
  }

  #announced(announcement: Announcement): void {
    if (this.#ended || this.#behind) return;
    if (this.#waiting.length >= patience) return this.#lagged();
    this.#waiting.push(announcement);
    this.#wake();
  }

  #lagged(): void {
    this.#behind = true;
    this.#waiting = [];
    this.#wake();
  }

  #scheduleIdle(): void {
    let cancel = () => {};
    const again = () => {
      cancel = this.#parts.clock.after(idleEvery, () => {
        this.#idleDue = true;
        this.#wake();
        again();
      });
    };
    again();
    this.#stops.push(() => cancel());
  }

  async #render(announcement: Announcement): Promise<string> {
    const flags = await this.#flagsNow(announcement);
    const updates = updatesOf(announcement, (mailbox, uid) => flags.get(`${mailbox}:${uid}`));
    const { counters } = await this.#counters(mailboxesOf(announcement));
    return this.#text([...updates, ...counters], announcement.seq);
  }

  async #flagsNow(announcement: Announcement): Promise<ReadonlyMap<string, readonly Flag[]>> {
    const now = new Map<string, readonly Flag[]>();
    for (const { mailbox, uids } of flagChangesOf(announcement)) {
      const asked = { kind: "readColumns", mailbox, uids, columns: ["flags"] } as const;
      const found = await this.#parts.accounts.ask(this.#account, asked);
      if (!found.ok) continue;
      found.uids.forEach((uid, at) => {
        const word = found.flags[at]!;
        const keywords = found.keywordSets[word >>> keywordShift] ?? [];
        now.set(`${mailbox}:${uid}`, [...systemFlagNames(word & systemMask), ...keywords]);
      });
    }
    return now;
  }

  /** What changed since the last event told, as far as it matters to somebody who will read the lists again. */
  async #catchUp(): Promise<string> {
    this.#behind = false;
    const since = this.#seq;
    const { seq, mailboxes } = granted(await this.#parts.accounts.ask(this.#account, { kind: "mailboxes" }));
    const updates: UpdateEvent[] = [];
    for (const summary of mailboxes.filter(({ highestModSeq }) => highestModSeq > since)) {
      const asked = {
        kind: "readColumns",
        mailbox: summary.id,
        uids: runOf(1, 0xffffffff),
        columns: ["modseq"],
      } as const;
      const changed = await this.#parts.accounts.ask(this.#account, { ...asked, changedSince: since });
      if (changed.ok && changed.uids.length <= patience) {
        changed.uids.forEach((uid, at) => {
          updates.push({ command: "EXISTS", mailbox: summary.id, uid, modseq: changed.modseqs[at]! });
        });
      }
      const gone = await this.#parts.accounts.ask(this.#account, { kind: "readVanished", mailbox: summary.id, since });
      if (gone.ok && gone.exact && countUids(gone.uids) <= patience) {
        for (const uid of eachUid(gone.uids)) {
          updates.push({ command: "EXPUNGE", mailbox: summary.id, uid, modseq: summary.highestModSeq });
        }
      }
      updates.push(countersOf(summary));
    }
    this.#seq = Math.max(this.#seq, seq);
    return this.#text(updates, this.#seq) || ": caught up\n\n";
  }

  async #counters(wanted: ReadonlySet<MailboxId>): Promise<{ counters: readonly UpdateEvent[] }> {
    if (wanted.size === 0) return { counters: [] };
    const answer = await this.#parts.accounts.ask(this.#account, { kind: "mailboxes" });
    return { counters: answer.ok ? answer.mailboxes.filter(({ id }) => wanted.has(id)).map(countersOf) : [] };
  }

  #text(updates: readonly UpdateEvent[], seq: number): string {
    return updates.map((update) => eventText(update, eventId(seq))).join("");
  }
}
