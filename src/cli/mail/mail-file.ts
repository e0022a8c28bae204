/** One message as import reads it and export writes it. */
export type MailMessage = {
  readonly bytes: Uint8Array;
  /** When it arrived; whole seconds count. */
  readonly date: Date;
  readonly flags: MailFlags;
  /** Words beside the flags, as IMAP knows them. */
  readonly keywords: readonly string[];
  /** Words that the source has as keywords and IMAP cannot have. */
  readonly badKeywords?: readonly string[];
  /**
   * The same message as it stood in its file, where that kept fields in it which are not the message's own. Earlier
   * imports stored those: whoever looks for the message has to look for both.
   */
  readonly asFound?: Uint8Array;
};

/** The flags that IMAP, maildir and mbox have words for. */
export type MailFlags = {
  readonly seen: boolean;
  readonly answered: boolean;
  readonly flagged: boolean;
  readonly deleted: boolean;
  readonly draft: boolean;
  readonly forwarded: boolean;
};

export const noFlags: MailFlags = {
  seen: false,
  answered: false,
  flagged: false,
  deleted: false,
  draft: false,
  forwarded: false,
};

/** Mail in files: folders, and what was met on the way to them and is none. */
export type MailSource = {
  readonly folders: readonly MailFolder[];
  readonly passedOver: readonly Left[];
};

/** A folder of the source and how to read its messages. */
export type MailFolder = {
  /** Where it lies, in words for a person. */
  readonly source: string;
  /** Levels of the name; none: the folder that becomes INBOX. */
  readonly path: readonly string[];
  /** How many messages; null where only reading all of it would tell. */
  readonly count: number | null;
  messages(): AsyncIterable<MailFound>;
};

/** A part of the source, and why it was not imported. */
export type Left = { readonly source: string; readonly why: string };

/**
 * What a folder holds, one by one: a message; something that is no mail, or that its owner deleted (`omitted`); or
 * something that may be mail and cannot be read (`passedOver`).
 */
export type MailFound =
  | { readonly kind: "message"; readonly source: string; readonly message: MailMessage }
  | ({ readonly kind: "omitted" | "passedOver" } & Left);

/** The largest message that a server can be configured to take, in octets: no more of a file is held at a time. */
export const largestMessage = 1024 ** 3;

/**
 * Lines end in CRLF in mail (RFC 5322 §2.1), in files often in LF alone: bytes without any CRLF get them, all others
 * stay as they are.
 */
export function withMailLineBreaks(bytes: Uint8Array): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!source.includes(lf) || source.includes("\r\n")) return bytes;
  return Buffer.from(source.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}

const lf = 0x0a;
