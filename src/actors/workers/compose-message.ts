import MailComposer from "nodemailer/lib/mail-composer";
import { readContent } from "./attachment-content.ts";

/** A message in parts. A text may be the name of one that is given beside it. */
export type Draft = {
  readonly from?: Mailbox;
  readonly replyTo?: Mailbox;
  readonly to?: readonly Mailbox[];
  readonly cc?: readonly Mailbox[];
  readonly bcc?: readonly Mailbox[];
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments?: readonly (Readonly<Record<string, unknown>> & {
    readonly content: string;
    readonly encoding: BufferEncoding;
  })[];
  readonly messageId: string;
  readonly date: Date;
  readonly reference: Reference | null;
};
type Mailbox = { readonly name?: string; readonly address: string };

/** What the new message answers, or passes on. */
export type Reference = {
  readonly action: "reply" | "replyAll" | "forward";
  readonly messageId: string;
  readonly references: readonly string[];
  readonly subject: string;
};

/** Strings of JSON without their quotes, in blocks, by name: so large that they are read where nobody waits. */
export type NamedTexts = ReadonlyMap<string, readonly Uint8Array[]>;

/** The bytes of a message; null where one of the texts is no string of JSON. */
export type Composed = Uint8Array | null;

/** Which of the attachments, by its index, has a content that is none, and why. */
export type UnreadableAttachment = { readonly attachment: number; readonly why: string };

/** The message's bytes (RFC 5322). Nothing is read from files or the network, whatever the parts say. */
export async function composeMessage(draft: Draft, texts: NamedTexts): Promise<Composed | UnreadableAttachment> {
  const named = namedStrings(texts);
  if (named === null) return null;
  const textOf = (text: string) => named.get(text) ?? text;
  const { reference } = draft;
  const attachments: object[] = [];
  for (const [at, { content: text, encoding, ...attachment }] of (draft.attachments ?? []).entries()) {
    const content = readContent(textOf(text), encoding);
    if ("why" in content) return { attachment: at, why: content.why };
    const { octets, contentType } = content;
    attachments.push({ ...(contentType === undefined ? {} : { contentType }), ...attachment, content: octets });
  }
  const composer = new MailComposer({
    from: draft.from as { name: string; address: string } | undefined,
    replyTo: draft.replyTo as { name: string; address: string } | undefined,
    to: draft.to as { name: string; address: string }[] | undefined,
    cc: draft.cc as { name: string; address: string }[] | undefined,
    bcc: draft.bcc as { name: string; address: string }[] | undefined,
    subject: draft.subject ?? (reference ? subjectFrom(reference) : ""),
    text: draft.text === undefined ? (draft.html === undefined ? "" : undefined) : textOf(draft.text),
    html: draft.html === undefined ? undefined : textOf(draft.html),
    headers: [...(draft.headers ?? [])],
    attachments,
    ...(reference?.messageId
      ? { inReplyTo: reference.messageId, references: [...reference.references, reference.messageId].slice(-100) }
      : {}),
    messageId: draft.messageId,
    date: draft.date,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const message = composer.compile();
  // It is kept, not sent: a draft without its Bcc would have lost whom to send it to.
  message.keepBcc = true;
  return new Uint8Array(await message.build());
}

/** A message that came as a string of JSON: its bytes, in UTF-8. */
export function messageOfText(text: string, texts: NamedTexts): Composed {
  const named = namedStrings(texts);
  return named === null ? null : new TextEncoder().encode(named.get(text) ?? text);
}

/** null where one of them is no string of JSON. */
function namedStrings(texts: NamedTexts): ReadonlyMap<string, string> | null {
  const strings = new Map<string, string>();
  try {
    for (const [name, blocks] of texts) strings.set(name, JSON.parse(`"${Buffer.concat(blocks).toString("utf8")}"`));
  } catch {
    return null;
  }
  return strings;
}

/** `Re:` or `Fwd:` before the subject, unless it is there. */
function subjectFrom({ action, subject }: Reference): string {
  if (action === "forward") return /^fwd?:/i.test(subject) ? subject : `Fwd: ${subject}`;
  return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}
