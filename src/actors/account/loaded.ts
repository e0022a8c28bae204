import { type Account, emptyAccount } from "../../domain/account/account.ts";
import { printChecksum } from "../../domain/account/checksum.ts";
import type { AccountEvent, LogEntry } from "../../domain/account/events.ts";
import { evolveEntry } from "../../domain/account/evolve.ts";
import { PartNames } from "../../domain/account/snapshot.ts";
import type { AccountId, MessageId } from "../../domain/ids.ts";
import { Claims } from "./claims.ts";
import { Departed } from "./departed.ts";
import { type Place, placeOf } from "./message-place.ts";
import { RequestWindow, withoutContent } from "./request-window.ts";

/** An account as the store tells it. */
export type Loaded = {
  readonly account: Account;
  readonly requests: RequestWindow;
  readonly claimed: Claims;
  /** Where messages are of which the snapshot does not know that they have a record. */
  readonly unrecorded: Map<MessageId, Unrecorded>;
  readonly departed: Departed;
  /** Names of the chunks that are in the store already. */
  readonly parts: PartNames;
  /** What the snapshot stood for; 0: there was none. */
  readonly snapshotSeq: number;
};

/** `seq`: the entry that brought the message. */
export type Unrecorded = { readonly place: Place; readonly seq: number };

/** The account before its first entry. */
export function nothingLoaded(id: AccountId): Loaded {
  return {
    account: emptyAccount(id),
    requests: new RequestWindow(),
    claimed: new Claims(),
    unrecorded: new Map(),
    departed: new Departed(),
    parts: new PartNames(),
    snapshotSeq: 0,
  };
}

/** What was loaded, one entry further; its maps grow. Throws where the entry is not the next, or leads elsewhere than it says. */
export function advanced(loaded: Loaded, entry: LogEntry): Loaded {
  const before = loaded.account;
  if (entry.seq !== before.seq + 1)
    throw new Error(`Cannot rebuild account ${before.id}: entry ${before.seq + 1} is missing from its log`);
  const account = evolveEntry(before, entry);
  if (printChecksum(account.checksum) !== entry.checksum)
    throw new Error(`Cannot rebuild account ${before.id}: its checksum differs from the log's at entry ${entry.seq}`);
  for (const { request, events } of entry.transactions) {
    loaded.requests.remember(request, { seq: entry.seq, at: entry.at, events: withoutContent(events) });
    noteUnrecorded(loaded.unrecorded, events, entry);
    loaded.departed.note(before, events, entry);
  }
  return { ...loaded, account };
}

/** Remembers where the messages that an entry brought are, until their records say so. */
export function noteUnrecorded(
  unrecorded: Map<MessageId, Unrecorded>,
  events: readonly AccountEvent[],
  entry: Pick<LogEntry, "seq">,
): void {
  for (const event of events) {
    if (event.kind === "appended") {
      unrecorded.set(event.message, { place: placeOf(event.content, entry.seq), seq: entry.seq });
    }
  }
}
