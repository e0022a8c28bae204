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

/** Where a message's texts stand in JSON: they may be as large as a message, and are read elsewhere. */
export const largeTexts = ["text", "html", "raw", "attachments.*.content"];

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
