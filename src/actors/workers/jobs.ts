import * as Comlink from "comlink";
import { describeMessage } from "../../domain/mime/description.ts";
import { parseMessage } from "../../domain/mime/parse.ts";
import { compile, matchMessage } from "../../domain/search/compile.ts";
import type { ColumnRow } from "../../domain/search/evaluate.ts";
import { linkAttachments } from "./attachment-links.ts";
import { composeMessage, messageOfText } from "./compose-message.ts";
import type { Cpu, SearchedMessage } from "./cpu.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { readAttachment, readMessage } from "./read-message.ts";

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

  async readable(message, links) {
    const { headers, text, html, attachments } = readMessage(message);
    const linkTo = (id: string) => (links === null ? `attachment:${id}` : `${links}/${id}`);
    const linked = html.map((part) => linkAttachments(part, attachments, linkTo));
    const shown = new TextEncoder().encode(`"html":${JSON.stringify(linked)},"text":${JSON.stringify(text)}`);
    return { headers: headers.filter(({ key }) => shownFields.has(key)), attachments, shown: moved(shown) };
  },

  async attachment(message, id) {
    const found = readAttachment(message, id);
    return found && { ...found, bytes: moved(found.bytes) };
  },

  async compose(draft, texts) {
    const composed = await composeMessage(draft, texts);
    return composed !== null && "why" in composed ? composed : moved(composed);
  },

  async messageOfText(text, texts) {
    return moved(messageOfText(text, texts));
  },

  hashPassword,
  verifyPassword,
};

const shownFields = new Set(["return-path", "delivered-to", "list-id", "list-unsubscribe"]);

/** Goes to the thread that asked instead of being copied for it. */
function moved<T extends Uint8Array | null>(bytes: T): T {
  return bytes === null ? bytes : Comlink.transfer(bytes, [bytes.buffer as ArrayBuffer]);
}

function columnRow({ uid, modseq, size, date, flags }: SearchedMessage): ColumnRow {
  return { uid, modseq, size, date, hasFlag: (flag) => flags.includes(flag.toLowerCase()) };
}
