/** One message as import reads it and export writes it. */
export type MailMessage = {
  readonly bytes: Uint8Array;
  /** When it arrived; whole seconds count. */
  readonly date: Date;
  readonly flags: MailFlags;
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

/** A folder of the source and how to read its messages. */
export type MailFolder = {
  /** Levels of the name; none: the folder that becomes INBOX. */
  readonly path: readonly string[];
  /** How many messages; null where only reading all of it would tell. */
  readonly count: number | null;
  messages(): AsyncIterable<MailFound>;
};

export type MailFound = { readonly source: string; readonly message: MailMessage };

/**
 * Lines end in CRLF in mail (RFC 5322 §2.1), in files often in LF alone: bytes without any CRLF get them, all others
 * stay as they are.
 */
export function withMailLineBreaks(bytes: Uint8Array): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!source.includes(lf) || source.includes("\r\n")) return bytes;
  let lines = 0;
  for (const byte of source) if (byte === lf) lines += 1;
  const result = Buffer.allocUnsafe(source.length + lines);
  let at = 0;
  for (const byte of source) {
    if (byte === lf) result[at++] = cr;
    result[at++] = byte;
  }
  return result;
}

const lf = 0x0a;
const cr = 0x0d;
