/** An address as header fields give it, decoded: `name` may be empty. */
export type MailAddress = { readonly name: string; readonly address: string };

/** What a message list shows of a message without opening it. Written once, when the message is first parsed. */
export type MessageSummary = {
  readonly from: MailAddress | null;
  readonly sender: MailAddress | null;
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly subject: string;
  /** With its angle brackets; empty where there is none. */
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  /** The Date field, milliseconds since 1970; null where it cannot be read. */
  readonly date: number | null;
  /** First 128 characters of the text, white space folded. */
  readonly intro: string;
  readonly attachments: boolean;
  /** Content-Type: value in lower case and its parameters. */
  readonly contentType: { readonly value: string; readonly params: Readonly<Record<string, string>> };
};
