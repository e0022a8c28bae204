import type { AccountCommand, MailboxRef } from "../../domain/account/commands.ts";
import type { AccountEvent, Flag, SpecialUse, Transaction } from "../../domain/account/events.ts";
import type { Refusal } from "../../domain/account/refusal.ts";
import type { UidRuns } from "../../domain/account/uid-runs.ts";
import type { AccountId, BlobId, MailboxId, RequestId } from "../../domain/ids.ts";
import type { SectionText } from "../../domain/mime/section.ts";
import type { MessageSummary } from "../../domain/mime/summary.ts";
import type { SearchCriteria } from "../../domain/search/criteria.ts";

/**
 * Everything an account actor answers to. A new request is a new line here, and the compiler lists the rest.
 * Requests and answers are plain data: they cross threads.
 *
 * Reads are answered from the committed state, of which `seq` says how much they have seen; they wait for no write.
 * Changes are answered only when they are durable.
 */
export type AccountRequests = {
  change: { ask: { request: RequestId; command: ChangeCommand }; answer: Outcome };
  mailboxes: { ask: object; answer: MailboxList | Refused };
  /** `resync`: what the asker was told elsewhere; a state that is behind that is brought up to date first. */
  openMailbox: {
    ask: { mailbox: MailboxRef; claimRecent: boolean; resync?: ResyncQuery };
    answer: OpenedMailbox | Refused;
  };
  /** A session that may write is about to be told of the messages up to the UID `upTo`. */
  claimRecent: { ask: { mailbox: MailboxId; upTo: number }; answer: Claimed | Refused };
  readColumns: { ask: ColumnsQuery; answer: Columns | Refused };
  /** QRESYNC: UIDs expunged from the mailbox after `since` (RFC 7162 §3.2.6), of `known` if that is given. */
  readVanished: { ask: { mailbox: MailboxId; since: number; known?: UidRuns }; answer: Vanished | Refused };
  readContent: { ask: ContentQuery; answer: ContentPage | Refused };
  /** `maxBytes`: as many as have about so many bytes of summaries, at least one; left out: all. */
  readSummaries: { ask: { mailbox: MailboxId; uids: UidRuns; maxBytes?: number }; answer: Summaries | Refused };
  /** `links`: what links to attachments in the HTML begin with; null: they are `attachment:…`. */
  readMessage: { ask: { mailbox: MailboxId; uid: number; links: string | null }; answer: ReadableMessage | Refused };
  readAttachment: { ask: { mailbox: MailboxId; uid: number; attachment: string }; answer: Attachment | Refused };
  /** What was expunged or deleted, and can be brought back: not before `since` (milliseconds since 1970). */
  listDeparted: { ask: { since?: number }; answer: DepartedList | Refused };
  /** `headers`: with the first octets of each message, in which its header is. */
  readDeparted: {
    ask: { numbers: readonly number[]; headers: boolean; since: number };
    answer: DepartedSummaries | Refused;
  };
  restoreDeparted: { ask: RestoreWish; answer: Restored | Refused };
  search: { ask: { mailbox: MailboxId; criteria: SearchCriteria }; answer: SearchResult | Refused };
  /** A sync point: makes sure that whatever other nodes have appended is seen. Answers the committed seq and sums. */
  catchUp: { ask: object; answer: AccountFacts | Refused };
  /** A message too large for one request arrives in pieces, under a name that its sender chooses; see `Uploads`. */
  uploadBegin: { ask: { upload: string }; answer: Taken };
  uploadWrite: { ask: { upload: string; bytes: Uint8Array }; answer: Taken };
  uploadAbort: { ask: { upload: string }; answer: Taken };
  /** The account's user is gone: closes it for good, and forgets all that it held. */
  forget: { ask: object; answer: Taken };
};

export type AccountRequestKind = keyof AccountRequests;
export type AccountRequest = {
  [K in AccountRequestKind]: { kind: K } & AccountRequests[K]["ask"];
}[AccountRequestKind];
export type AnswerTo<K extends AccountRequestKind> = AccountRequests[K]["answer"];

export type Refused = { readonly ok: false; readonly refusal: Refusal };
export type Taken = { readonly ok: true } | Refused;

/**
 * As the domain's command, but a message to append arrives as bytes or as a finished upload; the actor gives it its
 * id, its date where none is given, and its place. New mailboxes get their ids from the actor too.
 */
export type ChangeCommand =
  | {
      kind: "append";
      mailbox: MailboxRef;
      flags: readonly Flag[];
      /** Milliseconds since 1970; the time of arrival where it is left out. */
      internalDate?: number;
      source: MessageSource;
    }
  | { kind: "createMailbox"; path: string; specialUse?: SpecialUse; subscribe?: boolean }
  | { kind: "renameMailbox"; from: MailboxRef; path: string; subscribe?: boolean }
  | { kind: "openAccount"; quota: number; mailboxes: readonly { path: string; specialUse: SpecialUse | null }[] }
  | Exclude<AccountCommand, { kind: "append" | "createMailbox" | "renameMailbox" | "openAccount" }>
  /** Several changes, all or nothing, in one log entry: POP3's QUIT, MULTIAPPEND, "copy and mark". */
  | { kind: "batch"; commands: readonly ChangeCommand[] };

export type MessageSource =
  | { kind: "bytes"; bytes: Uint8Array /** goes before the message: trace headers */; prefix?: Uint8Array }
  | { kind: "upload"; upload: string; prefix?: Uint8Array };

/** What became of a change. `events` are this request's own; `seq` is the mod-sequence it got (the current one if nothing changed). */
export type Outcome =
  | {
      readonly ok: true;
      readonly seq: number;
      readonly events: readonly AccountEvent[];
      /** The request had taken effect before; these are that time's events. */
      readonly repeated?: boolean;
      /** UNCHANGEDSINCE left these out. */
      readonly modified?: UidRuns;
    }
  | Refused;

/** One mailbox as LIST, STATUS and SELECT show it. */
export type MailboxSummary = {
  readonly id: MailboxId;
  readonly path: string;
  readonly specialUse: SpecialUse | null;
  readonly subscribed: boolean;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of the message sizes, bytes. */
  readonly size: number;
  /** How many messages no session has claimed as recent yet. */
  readonly recent: number;
};

/** `recent`: UIDs that nobody had been told of before; there may be no messages of some of them. */
export type Claimed = { readonly ok: true; readonly recent: UidRuns };

export type AccountFacts = { readonly ok: true; readonly seq: number; readonly quota: number; readonly used: number };

export type MailboxList = {
  readonly ok: true;
  readonly seq: number;
  /** Bytes; 0: no limit. */
  readonly quota: number;
  readonly used: number;
  readonly mailboxes: readonly MailboxSummary[];
  /** Names subscribed to, whether or not a mailbox of that name exists (RFC 9051 §6.3.7). */
  readonly subscriptions: readonly string[];
};

export type OpenedMailbox = {
  readonly ok: true;
  readonly seq: number;
  readonly mailbox: MailboxSummary;
  readonly uids: UidRuns;
  /** Lowest UID without \Seen. */
  readonly firstUnseen: number | null;
  /** UIDs this session is the first to be told of. */
  readonly recent: UidRuns;
  /** Keywords in use in the account, for FLAGS and PERMANENTFLAGS. */
  readonly keywords: readonly Flag[];
  /** Where that was asked for, and the UIDVALIDITY is the one asked about. */
  readonly resynced?: Resynced;
};

/** What is new to somebody who knew the mailbox at the mod-sequence `since`; of the UIDs `known`, if they are given. */
export type ResyncQuery = { readonly uidValidity: number; readonly since: number; readonly known?: UidRuns };

/** Of the very state that the mailbox was opened at. `changed`: flags and mod-sequences. */
export type Resynced = { readonly vanished: Vanished; readonly changed: Columns };

export type ColumnName = "modseq" | "flags" | "size" | "date" | "message";

export type ColumnsQuery = {
  readonly mailbox: MailboxId;
  /** Those that exist are answered; may reach past the end (1:4294967295). */
  readonly uids: UidRuns;
  readonly columns: readonly ColumnName[];
  /** Only messages whose mod-sequence is above this. */
  readonly changedSince?: number;
};

/** Columns of the messages found, ascending by UID; those not asked for are empty. Index i is the same message in each. */
export type Columns = {
  readonly ok: true;
  readonly seq: number;
  readonly uids: Uint32Array;
  readonly modseqs: Uint32Array;
  /** Bits 0–4: \Seen \Answered \Flagged \Deleted \Draft. The rest, shifted right by 5, is an index into `keywordSets`. */
  readonly flags: Uint32Array;
  readonly keywordSets: readonly (readonly Flag[])[];
  readonly sizes: Uint32Array;
  /** Seconds since 1970. */
  readonly dates: Uint32Array;
  /** 12 bytes a message. */
  readonly messages: Uint8Array;
};

/** `exact` is false where so old a past is no longer kept: then every UID that is not there is named (RFC 7162 §5.1). */
export type Vanished = { readonly ok: true; readonly seq: number; readonly uids: UidRuns; readonly exact: boolean };

/** One thing to read of each message. `envelope`, `bodystructure`, `body` come as IMAP text, ready to send. */
export type ContentItem =
  | { kind: "envelope" }
  | { kind: "bodystructure" }
  | { kind: "body" }
  | {
      kind: "section";
      /** MIME part numbers, 1-based; empty: the message itself (RFC 9051 §6.4.5.1). */
      part: readonly number[];
      text: SectionText;
      /** Names of header fields, for the two `fields` texts. */
      fields?: readonly string[];
      partial?: { offset: number; length: number };
    };
export type { SectionText };

export type ContentQuery = {
  readonly mailbox: MailboxId;
  readonly uids: UidRuns;
  readonly items: readonly ContentItem[];
  /** The page stops before it would grow past this many bytes (64 KiB … 4 MiB is sensible). */
  readonly maxBytes: number;
};

/**
 * Items of the first messages of `uids`, message by message, item by item. Item j of message i is entry
 * `i * items.length + j`: its bytes are `bytes[offsets[entry] … offsets[entry + 1])`, and `sizes[entry]` is the size of
 * the whole item (of the section before `partial` is applied), or 0xffffffff where the message has no such part (NIL).
 * A message that does not fit into `maxBytes` waits for the next page; where even the first does not fit, its entries
 * are cut (fewer bytes than asked for): read on with `partial`.
 */
export type ContentPage = {
  readonly ok: true;
  readonly seq: number;
  readonly uids: Uint32Array;
  readonly offsets: Uint32Array;
  readonly sizes: Uint32Array;
  readonly bytes: Uint8Array;
  /** What is still to be read. */
  readonly rest: UidRuns;
};
export const noSuchPart = 0xffffffff;

export type Summaries = {
  readonly ok: true;
  readonly seq: number;
  readonly messages: readonly (MessageSummary & {
    readonly uid: number;
    readonly message: string;
    readonly modseq: number;
    readonly flags: readonly Flag[];
    readonly size: number;
    /** Milliseconds since 1970. */
    readonly internalDate: number;
  })[];
  /** What is still to be read. */
  readonly rest: UidRuns;
};

export type ReadableMessage = {
  readonly ok: true;
  readonly summary: Summaries["messages"][number];
  /** Fields of the trace and of mailing lists, in order, names lower-case, values unfolded and decoded. */
  readonly headers: readonly { key: string; value: string }[];
  readonly attachments: readonly AttachmentFacts[];
  /** Its texts, `"html":["…"],"text":"…"` in UTF-8: made where nobody waits, and passed on as they are. */
  readonly shown: Uint8Array;
};
export type AttachmentFacts = {
  /** ATT00001, ATT00002 … in order of appearance. */
  readonly id: string;
  readonly filename: string | null;
  readonly contentType: string;
  readonly disposition: string | null;
  readonly transferEncoding: string;
  readonly related: boolean;
  readonly cid: string | null;
  /** Decoded bytes. */
  readonly size: number;
  /** SHA-256 of the decoded bytes, hex. */
  readonly hash: string;
};
export type Attachment = { readonly ok: true; readonly facts: AttachmentFacts; readonly bytes: Uint8Array };

export type SearchResult = {
  readonly ok: true;
  readonly seq: number;
  readonly uids: UidRuns;
  /** Highest mod-sequence among them; 0 where there is none. */
  readonly modSeq: number;
};

/** Columns of what can be brought back, in the order it departed; index i is the same message in each. */
export type DepartedList = {
  readonly ok: true;
  readonly seq: number;
  /** Mailboxes that messages departed from; `path`: where they go back to; `exists`: false where it was deleted. */
  readonly mailboxes: readonly { readonly id: MailboxId; readonly path: string; readonly exists: boolean }[];
  /** Mailboxes that were deleted, and when (milliseconds since 1970), empty ones included. */
  readonly deleted: readonly {
    readonly id: MailboxId;
    readonly path: string;
    readonly specialUse: SpecialUse | null;
    readonly at: number;
  }[];
  /** Names a departure within the account. */
  readonly numbers: Uint32Array;
  /** Index into `mailboxes`. */
  readonly from: Uint32Array;
  /** When it departed, milliseconds since 1970. */
  readonly times: Float64Array;
  readonly sizes: Uint32Array;
};

export type DepartedSummaries = {
  readonly ok: true;
  readonly seq: number;
  /** `uid`, `modseq` and flags as they were; `path`: where it goes back to. */
  readonly messages: readonly (Summaries["messages"][number] & {
    readonly number: number;
    readonly mailbox: MailboxId;
    readonly path: string;
    readonly departed: number;
    readonly head?: Uint8Array;
  })[];
};

/** What to bring back: departures by their numbers, or those of a time (milliseconds since 1970) and of some mailboxes. */
export type RestoreWish = {
  readonly request: RequestId;
  readonly numbers?: readonly number[];
  readonly start?: number;
  readonly end?: number;
  readonly from?: readonly MailboxId[];
  /** A path that all of it goes to, made where it is missing; else each goes where it was. */
  readonly into?: string;
  /** At most so many messages, those that departed first. */
  readonly most: number;
};

export type Restored = {
  readonly ok: true;
  readonly seq: number;
  /** UID `old` of `from` is `uid` of `mailbox` now. */
  readonly messages: readonly {
    readonly from: MailboxId;
    readonly old: number;
    readonly mailbox: MailboxId;
    readonly uid: number;
  }[];
  /** Those that had to be made. */
  readonly mailboxes: readonly MailboxId[];
  /** How many more there are than `most`. */
  readonly rest: number;
};

/** Told to whoever watches the account, in order of seq, before the request that caused it is answered. */
export type Announcement = {
  readonly account: AccountId;
  readonly seq: number;
  readonly at: number;
  /** As in the log, but `appended` events carry no content. */
  readonly transactions: readonly Transaction[];
};

/** How the rest of the server reaches accounts; the shards of this node stand behind it. */
export interface Accounts {
  /** Never hangs: a dead worker's requests are retried under the same id or refused as `unavailable`. */
  ask<K extends AccountRequestKind>(
    account: AccountId,
    request: { kind: K } & AccountRequests[K]["ask"],
  ): Promise<AnswerTo<K>>;
  /** Calls `watcher` for every entry that becomes public from now on, until the returned function is called. */
  watch(account: AccountId, watcher: Watcher): () => void;
}

export interface Watcher {
  announced(announcement: Announcement): void;
  /** Announcements may have been missed: ask for what is true now. */
  lagged(account: AccountId): void;
}

export type { BlobId };
