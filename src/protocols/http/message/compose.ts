import MailComposer from "nodemailer/lib/mail-composer";
import { z } from "zod";
import { freeObject, text, texts } from "../input/fields.ts";

const oneLine = (most: number) => text(most).regex(/^[^\p{Cc}]*$/u, "must be a single line without control characters");
const mailbox = z.object({ name: oneLine(255).optional(), address: oneLine(255).trim().min(1) });
const mailboxes = z.array(mailbox).max(1000);
const headerName = text(255).regex(/^[\x21-\x39\x3b-\x7e]+$/, "must be the name of a header");
const unfolded = z
  .string()
  .max(100 * 1024)
  .overwrite(onOneLine);
/** Header fields in one message. */
const mostHeaders = 1000;

/** A message in parts, as clients send it to be composed. */
export const composition = {
  from: mailbox.optional(),
  replyTo: z.preprocess((value) => (Array.isArray(value) ? value[0] : value), mailbox).optional(),
  to: mailboxes.optional(),
  cc: mailboxes.optional(),
  bcc: mailboxes.optional(),
  headers: z
    .union([
      z.array(z.object({ key: headerName, value: unfolded })).max(mostHeaders),
      z
        .record(headerName, unfolded)
        .refine((fields) => Object.keys(fields).length <= mostHeaders, `must not have more than ${mostHeaders} headers`)
        .transform((fields) => Object.entries(fields).map(([key, value]) => ({ key, value }))),
    ])
    .optional(),
  subject: text(2048).overwrite(onOneLine).optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  files: texts(text(24), 1000).optional(),
  attachments: z
    .array(
      z.object({
        filename: oneLine(255).optional(),
        contentType: oneLine(255).optional(),
        encoding: z.enum(["base64", "hex", "utf8", "utf-8", "latin1", "binary"]).default("base64"),
        contentTransferEncoding: z.enum(["7bit", "base64", "quoted-printable"]).optional(),
        contentDisposition: z.enum(["inline", "attachment"]).optional(),
        content: z.string(),
        cid: oneLine(255).optional(),
      }),
    )
    .max(1000)
    .optional(),
  metaData: freeObject.optional(),
};
export type Composition = z.output<z.ZodObject<typeof composition>>;

/** The text with each line break, and the blanks around it, made one space. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, (blanks) => (/[\r\n]/.test(blanks) ? " " : blanks));
}

/** What the new message answers, or passes on. */
export type Reference = {
  readonly action: "reply" | "replyAll" | "forward";
  readonly messageId: string;
  readonly references: readonly string[];
  readonly subject: string;
};

/** The message's bytes (RFC 5322). Nothing is read from files or the network, whatever the parts say. */
export async function compose(
  parts: Composition,
  facts: { readonly messageId: string; readonly date: Date; readonly reference: Reference | null },
): Promise<Uint8Array> {
  const { reference } = facts;
  const composer = new MailComposer({
    from: parts.from as { name: string; address: string } | undefined,
    replyTo: parts.replyTo as { name: string; address: string } | undefined,
    to: parts.to as { name: string; address: string }[] | undefined,
    cc: parts.cc as { name: string; address: string }[] | undefined,
    bcc: parts.bcc as { name: string; address: string }[] | undefined,
    subject: parts.subject ?? (reference ? subjectFrom(reference) : ""),
    text: parts.text ?? (parts.html === undefined ? "" : undefined),
    html: parts.html,
    headers: parts.headers ?? [],
    attachments: (parts.attachments ?? []).map(({ content, encoding, ...attachment }) => ({
      ...attachment,
      content: Buffer.from(content, encoding),
    })),
    ...(reference?.messageId
      ? { inReplyTo: reference.messageId, references: [...reference.references, reference.messageId].slice(-100) }
      : {}),
    messageId: facts.messageId,
    date: facts.date,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const message = composer.compile();
  // It is kept, not sent: a draft without its Bcc would have lost whom to send it to.
  message.keepBcc = true;
  return message.build();
}

/** `Re:` or `Fwd:` before the subject, unless it is there. */
function subjectFrom({ action, subject }: Reference): string {
  if (action === "forward") return /^fwd?:/i.test(subject) ? subject : `Fwd: ${subject}`;
  return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}
