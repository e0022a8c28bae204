import type { Flag, FlagChange } from "../../../domain/account/events.ts";
import type { UidRuns } from "../../../domain/account/uid-runs.ts";
import type { Branded } from "../../../domain/ids.ts";

/**
 * The values that IMAP's command arguments stand for. Mailbox names and strings are decoded Unicode, numbers are
 * numbers, keywords of the protocol are upper-case; nothing here knows how it was spelled.
 */

/**
 * Messages as the client named them, sequence numbers or UIDs: flat pairs [first, last, …] in the order written, each
 * with first ≤ last; `*` is `highest`. `resolveSet` (sequence-set.ts) turns it into runs.
 */
export type SequenceSet = Branded<readonly number[], "SequenceSet">;

/** `*` in a sequence set: above every number that can be written. */
export const highest = 0x1_0000_0000;

/** RFC 3501 §6.4.5, RFC 7162 §3.1.4. ALL, FAST and FULL are spelled out already; no item appears twice. */
export type FetchItem =
  | { readonly kind: "uid" }
  | { readonly kind: "flags" }
  | { readonly kind: "modseq" }
  | { readonly kind: "size" }
  | { readonly kind: "internaldate" }
  | { readonly kind: "envelope" }
  | { readonly kind: "body" }
  | { readonly kind: "bodystructure" }
  | SectionItem;

/** BODY[…]<…>, BODY.PEEK[…] and RFC822, RFC822.HEADER, RFC822.TEXT. Carries all that a `ContentItem` section wants. */
export type SectionItem = {
  readonly kind: "section";
  /** MIME part numbers, 1-based; empty: the message itself. */
  readonly part: readonly number[];
  readonly text: "all" | "header" | "fields" | "fields-not" | "text" | "mime";
  /** Field names as written, for the two `fields` texts. */
  readonly fields?: readonly string[];
  readonly partial?: { readonly offset: number; readonly length: number };
  /** Whether reading it leaves \Seen alone. */
  readonly peek: boolean;
  /** The name the answer goes by: `BODY[HEADER.FIELDS (TO)]<0>` or `RFC822.TEXT`. */
  readonly label: string;
};

export type FetchRequest = {
  readonly items: readonly FetchItem[];
  /** RFC 7162 §3.1.4.1 CHANGEDSINCE. */
  readonly changedSince?: number;
  /** RFC 7162 §3.2.6; only with UID FETCH and after ENABLE QRESYNC, which the command checks. */
  readonly vanished: boolean;
};

export type StoreUpdate = {
  readonly change: FlagChange;
  readonly flags: readonly Flag[];
  /** .SILENT: the client does not want to hear of its own change. */
  readonly echo: "flags" | "silent";
  /** RFC 7162 §3.1.3 UNCHANGEDSINCE. */
  readonly unchangedSince?: number;
};

/** RFC 3501 §6.4.4, RFC 5032, RFC 7162 §3.1.5, as a tree; strings are decoded by the search's charset. */
export type SearchKey =
  | { readonly kind: "all" }
  | { readonly kind: "and"; readonly of: readonly SearchKey[] }
  | { readonly kind: "or"; readonly of: readonly SearchKey[] }
  | { readonly kind: "not"; readonly of: SearchKey }
  | { readonly kind: "sequence"; readonly set: SequenceSet }
  | { readonly kind: "uids"; readonly set: SequenceSet }
  /** System flag or keyword; UNSEEN and the like are `not` of it. */
  | { readonly kind: "flag"; readonly flag: Flag }
  /** RECENT; NEW is RECENT and not \Seen, OLD is not RECENT. */
  | { readonly kind: "recent" }
  | { readonly kind: "larger"; readonly size: number }
  | { readonly kind: "smaller"; readonly size: number }
  /** `day` is days since 1970-01-01. */
  | { readonly kind: "internalDate"; readonly is: "before" | "on" | "since"; readonly day: number }
  | { readonly kind: "sentDate"; readonly is: "before" | "on" | "since"; readonly day: number }
  /** Arrived at least that long ago. */
  | { readonly kind: "older"; readonly seconds: number }
  /** Arrived within that time. */
  | { readonly kind: "younger"; readonly seconds: number }
  | { readonly kind: "modseq"; readonly from: number }
  /** From, To, Cc, Bcc and Subject are this too. */
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  | { readonly kind: "body"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** RFC 4731 §3.1. */
export type SearchReturn = "MIN" | "MAX" | "ALL" | "COUNT";

export type SearchRequest = {
  readonly key: SearchKey;
  /** null: no RETURN, the plain SEARCH answer is wanted. `RETURN ()` is ["ALL"]. */
  readonly returns: readonly SearchReturn[] | null;
  /** Whether a MODSEQ key is among them: the answer then carries MODSEQ (RFC 7162 §3.1.5). */
  readonly modseq: boolean;
};

/** RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 8438 (SIZE), RFC 9051 §6.3.11 (DELETED). */
export type StatusItem =
  | "MESSAGES"
  | "RECENT"
  | "UIDNEXT"
  | "UIDVALIDITY"
  | "UNSEEN"
  | "HIGHESTMODSEQ"
  | "SIZE"
  | "DELETED";

/** SELECT's and EXAMINE's: RFC 4466 §2.4, RFC 7162 §3.1.8, §3.2.5. */
/** What a client calls a mailbox: its path, or why there can be none of that name. */
export type MailboxName = { readonly path: string } | { readonly why: string };

export type SelectRequest = {
  readonly mailbox: MailboxName;
  readonly condstore: boolean;
  readonly qresync?: {
    readonly uidValidity: number;
    readonly modSeq: number;
    readonly known?: UidRuns;
    /** The i-th of `sequences` was the i-th of `uids`; as many in one as in the other. */
    readonly match?: { readonly sequences: UidRuns; readonly uids: UidRuns };
  };
};

export type ListSelection = "SUBSCRIBED" | "REMOTE" | "RECURSIVEMATCH" | "SPECIAL-USE";

/** RFC 3501 §6.3.8, RFC 5258, RFC 5819 (STATUS), RFC 6154 (SPECIAL-USE). */
export type ListRequest = {
  /** Anything beyond RFC 3501 was used: RFC 5258 §3.1 changes what the answer may leave out. */
  readonly extended: boolean;
  readonly selection: readonly ListSelection[];
  /** null: not a mailbox name, so that nothing is called that; the same in `patterns`. */
  readonly reference: string | null;
  readonly patterns: readonly (string | null)[];
  readonly returns: {
    readonly subscribed: boolean;
    readonly children: boolean;
    readonly specialUse: boolean;
    readonly status?: readonly StatusItem[];
  };
};

export type CreateRequest = {
  readonly mailbox: string /** RFC 6154 §3 USE: `\Sent` …, as the RFC spells them. */;
  readonly uses: readonly string[];
};

/** What precedes APPEND's message. */
export type AppendOpening = {
  readonly mailbox: string;
  readonly flags: readonly Flag[];
  /** Milliseconds since 1970. */
  readonly internalDate?: number;
  /** RFC 6855 §4: the message came as UTF8 (~{n}…). */
  readonly utf8: boolean;
};

/** The whole of APPEND; `message` is the literal that was streamed (its bytes went to the sink) or collected. */
export type AppendRequest = AppendOpening & { readonly message: LiteralFacts };

export type AuthenticateRequest = {
  /** Upper-case. */
  readonly mechanism: string;
  /** SASL-IR (RFC 4959): decoded; `=` is an empty one; null: none was sent. */
  readonly initial: Uint8Array | null;
};

/** RFC 2971 §3.3: pairs in order; null: the client sent NIL. */
export type IdRequest = readonly (readonly [field: string, value: string | null])[] | null;

export type QuotaLimit = { readonly resource: string; readonly limit: number };

/** One literal of a command as it was announced: `{n}`, `{n+}` (RFC 7888), `~{n}` (RFC 3516). */
export type LiteralFacts = {
  /** Octets. */
  readonly size: number;
  /** The client waits for `+` before it sends it. */
  readonly synchronising: boolean;
  /** literal8. */
  readonly binary: boolean;
  /** Its octets went to a sink and are not among the command's. */
  readonly streamed: boolean;
};

/** A command as the reader cut it out of the stream. */
export type RawCommand = {
  readonly tag: string;
  /** Upper-case, without the UID before it. */
  readonly name: string;
  /** UID FETCH, UID STORE …: `name` is FETCH, STORE … */
  readonly uid: boolean;
  /** What follows the name and its space, without the last line's end; literals stand in it as on the wire, streamed ones without their octets. */
  readonly args: Uint8Array;
  readonly literals: readonly LiteralFacts[];
};

/** A literal on its way that the session is asked about: one of APPEND's that is not its mailbox name. */
export type AnnouncedLiteral = {
  readonly tag: string;
  readonly name: string;
  /** The arguments before the literal: `INBOX (\Seen) `, for `appendOpening`. */
  readonly args: Uint8Array;
  readonly literal: LiteralFacts;
};

/** Where a streamed literal goes. The octets are views of what the socket gave; they may be kept. */
export interface LiteralSink {
  write(bytes: Uint8Array): void;
  /** All of it has been written. */
  end(): void;
}

export type ReadFailure = {
  /** null: not even a tag could be read; answer `* BAD`. */
  readonly tag: string | null;
  /** Upper-case; null where there was none. */
  readonly name: string | null;
  readonly why: "syntax" | "lineTooLong" | "literalTooBig" | "refused";
  /** The stream cannot be followed any further: say BYE and close. */
  readonly fatal: boolean;
};

/**
 * What a reader tells its session. After `command`, `line`, `failed` and `literal` the reader holds still, keeping
 * what it has been fed, until the session calls `next`, `nextLine`, or (after `literal`) `accept` or `refuse`.
 */
export interface CommandReceiver {
  command(command: RawCommand): void;
  /** The raw line asked for by `nextLine`, without its end. */
  line(bytes: Uint8Array): void;
  /** A command that could not be read, once the stream is past it. */
  failed(failure: ReadFailure): void;
  /** Answer with `accept(sink)` or `refuse()`, now or later; `+` is the session's to send, before `accept`. */
  literal(announced: AnnouncedLiteral): void;
  /** A small synchronising literal is welcome: send `+ OK`. */
  proceed(): void;
  /** `feed` had said false, and now there is room again: let the socket go on. */
  hungry(): void;
  /** After `end`: all that was whole has been handed over, and there is nothing to wait for. */
  starved(): void;
}

export type ReaderLimits = {
  /** Octets of a command without its literals, and of a raw line. */
  readonly lineLength: number;
  /** Octets of all literals of one command that are collected, not streamed. */
  readonly literals: number;
  /** Whether APPEND's messages are announced to the session (else they are collected as any literal). */
  readonly streamAppend: boolean;
};
