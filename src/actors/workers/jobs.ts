import { createHash } from "node:crypto";
import { type Attachment as ParsedAttachment, simpleParser } from "mailparser";
import type { Part } from "../../domain/mime/anatomy.ts";
import { describeMessage } from "../../domain/mime/description.ts";
import { parseMessage } from "../../domain/mime/parse.ts";
import { compile, matchMessage } from "../../domain/search/compile.ts";
import type { ColumnRow } from "../../domain/search/evaluate.ts";
import type { AttachmentFacts } from "../account/requests.ts";
import { attachmentId } from "./attachment-id.ts";
import type { Cpu, SearchedMessage } from "./cpu.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { attachmentPlainly, readPlainly } from "./read-plainly.ts";

/** What CPU workers do. Plain functions: they run as well in the thread of a test. */
export const jobs: Cpu = {
  async describe(messages) {
    return messages.map((bytes) => {
      try {
        return describeMessage(bytes);
      } catch {
        // Whatever its bytes are, a message is kept and served; it is only not described.
        return null;
      }
    });
  },

  async search(criteria, messages) {
    const compiled = compile(criteria);
    return messages.map((message) =>
      matchMessage(compiled, columnRow(message), { bytes: message.bytes, anatomy: parseMessage(message.bytes) }),
    );
  },

  async readable(message) {
    try {
      const parsed = await parseReadable(message);
      const headers = parsed.headerLines.map(({ key, line }) => ({ key, value: unfoldValue(line) }));
      return {
        headers,
        text: parsed.text ?? "",
        html: typeof parsed.html === "string" ? [parsed.html] : [],
        attachments: parsed.attachments.map(attachmentFacts),
      };
    } catch {
      // Headers of megabytes, HTML a hundred thousand levels deep: more than its reader takes.
      return readPlainly(message);
    }
  },

  async readPlainly(message) {
    return readPlainly(message);
  },

  async attachment(message, id) {
    let parsed: Awaited<ReturnType<typeof parseReadable>>;
    try {
      parsed = await parseReadable(message);
    } catch {
      return attachmentPlainly(message, id);
    }
    const at = parsed.attachments.findIndex((_, index) => attachmentId(index) === id);
    const found = parsed.attachments[at];
    return found ? { facts: attachmentFacts(found, at), bytes: new Uint8Array(found.content) } : null;
  },

  async attachmentPlainly(message, id) {
    return attachmentPlainly(message, id);
  },

  hashPassword,
  verifyPassword,
};

function columnRow({ uid, modseq, size, date, flags }: SearchedMessage): ColumnRow {
  return { uid, modseq, size, date, hasFlag: (flag) => flags.includes(flag.toLowerCase()) };
}

/** Parts of a message that are read for people; its reader takes time in the square of their number. */
const mostPartsRead = 1_000;

/** The message up to the last part that is read: all of it, for any message that a person has written. */
function partsRead(message: Uint8Array): Uint8Array {
  let left = mostPartsRead;
  const firstTooMany = (part: Part): Part | null => {
    if (--left < 0) return part;
    for (const child of part.children) {
      const found = firstTooMany(child);
      if (found) return found;
    }
    return null;
  };
  const cut = firstTooMany(parseMessage(message).root);
  return cut ? message.subarray(0, cut.header.start) : message;
}

/** Links in the HTML stay `cid:` links: whoever shows it decides where they lead. */
function parseReadable(whole: Uint8Array) {
  const message = partsRead(whole);
  return simpleParser(Buffer.from(message.buffer, message.byteOffset, message.byteLength), {
    skipImageLinks: true,
    skipHtmlToText: false,
    skipTextToHtml: true,
    maxHtmlLengthToParse: 4 * 1024 * 1024,
  });
}

function attachmentFacts(attachment: ParsedAttachment, at: number): AttachmentFacts {
  const encoding = attachment.headers.get("content-transfer-encoding");
  return {
    id: attachmentId(at),
    filename: attachment.filename ?? null,
    contentType: attachment.contentType,
    disposition: attachment.contentDisposition ?? null,
    transferEncoding: typeof encoding === "string" ? encoding : "7bit",
    related: attachment.related ?? false,
    cid: attachment.contentId ?? null,
    size: attachment.size,
    hash: createHash("sha256").update(attachment.content).digest("hex"),
  };
}

function unfoldValue(line: string): string {
  return line
    .slice(line.indexOf(":") + 1)
    .replaceAll(/\r?\n[ \t]+/g, " ")
    .trim();
}
