/**
 * The shape of a message, as IMAP speaks of it: a tree of parts, each a byte range of the original. Plain data, JSON
 * and back without loss. Text that came from the message is in binary strings (see binary-string.ts): one character is
 * one byte, nothing decoded, so that what is sent to a client is what was received.
 */
export type Anatomy = {
  /** Bytes of the whole message. */
  readonly size: number;
  readonly root: Part;
};

/** Bytes [start, end) of the original message. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * One MIME entity (RFC 2045 §2.4). `multipart` has one child or more; `message` (message/rfc822, or message/global
 * that is not transfer-encoded) has exactly one: the embedded message, whose header and body lie within this body.
 */
export type Part = {
  readonly kind: "leaf" | "multipart" | "message";
  /** The header fields and the empty line after them, where there is one. */
  readonly header: ByteRange;
  /** What follows. The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1), not to the body. */
  readonly body: ByteRange;
  /** Line feeds in the body. */
  readonly lines: number;
  /** Lower case, as `subtype`, `encoding` and the names of parameters. */
  readonly type: string;
  readonly subtype: string;
  readonly params: readonly Parameter[];
  readonly encoding: string;
  readonly id?: string;
  readonly description?: string;
  readonly md5?: string;
  readonly disposition?: { readonly value: string; readonly params: readonly Parameter[] };
  readonly languages?: readonly string[];
  readonly location?: string;
  /** Of the message whose header this is: there on the root, and on the one child of each `message` part. */
  readonly envelope?: Envelope;
  readonly children: readonly Part[];
};

/** Name and value. The continuations of RFC 2231 are joined; a value with a charset has a name that ends in "*". */
export type Parameter = readonly [name: string, value: string];

/** RFC 9051 §7.5.2. Null: no such field. Empty: the field is there and says nothing. */
export type Envelope = {
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: readonly EnvelopeAddress[];
  readonly sender: readonly EnvelopeAddress[];
  readonly replyTo: readonly EnvelopeAddress[];
  readonly to: readonly EnvelopeAddress[];
  readonly cc: readonly EnvelopeAddress[];
  readonly bcc: readonly EnvelopeAddress[];
  readonly inReplyTo: string | null;
  readonly messageId: string | null;
};

/**
 * An address as ENVELOPE has it. A group (RFC 5322 §3.4) is its members between two marks: `host` null and `mailbox`
 * the group's name begins it, both null ends it. A missing part of a broken address is "", never null.
 */
export type EnvelopeAddress = {
  readonly name: string | null;
  /** The source route, `@a,@b`, where there is one (RFC 5322 §4.4). */
  readonly route?: string;
  readonly mailbox: string | null;
  readonly host: string | null;
};
