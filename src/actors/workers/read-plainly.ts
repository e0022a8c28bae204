import { eachField } from "../../domain/mime/each-field.ts";
import { decodeHeaderText } from "../../domain/mime/encoded-words.ts";
import { parseMessage } from "../../domain/mime/parse.ts";
import { decodeText, isHtml, textPieces } from "../../domain/mime/text.ts";
import type { ReadableContent } from "./readable.ts";

const headerOctets = 64 * 1024;
const textOctets = 256 * 1024;
const mostTexts = 10;

/**
 * A message that mailparser cannot read, as well as can be told without it: the first fields of its header and the
 * beginning of its texts. Takes a time that the message cannot choose.
 */
export function readPlainly(message: Uint8Array): ReadableContent {
  const { root } = parseMessage(message);
  const header = message.subarray(root.header.start, Math.min(root.header.end, root.header.start + headerOctets));
  const headers = [...eachField(header)].map(({ name, value }) => ({
    key: name.toLowerCase(),
    value: decodeHeaderText(value).trim(),
  }));
  const pieces = textPieces(root).filter(({ kind, part }) => kind === "text" && part.type === "text");
  const plain = pieces.filter(({ part }) => !isHtml(part));
  const text = (plain.length > 0 ? plain : pieces)
    .slice(0, mostTexts)
    .map(({ start, end, part }) =>
      decodeText(message.subarray(start, Math.min(end, start + textOctets)), part, "strip"),
    )
    .join("\n");
  return { headers, text, html: [], attachments: [] };
}
