import { readMessage } from "../../src/actors/workers/read-message.ts";
import { parseAddresses } from "../../src/domain/mime/addresses.ts";
import { charsetDecoder } from "../../src/domain/mime/charset.ts";
import { parseContentType, parseDisposition, parseTransferEncoding } from "../../src/domain/mime/content-type.ts";
import { decodeParameter } from "../../src/domain/mime/decode-parameter.ts";
import { describeMessage } from "../../src/domain/mime/description.ts";
import { decodeHeaderText } from "../../src/domain/mime/encoded-words.ts";
import { unflow } from "../../src/domain/mime/flowed.ts";
import { HtmlText } from "../../src/domain/mime/html-text.ts";
import { parseDate } from "../../src/domain/mime/message-date.ts";
import { parseMessageIds } from "../../src/domain/mime/message-ids.ts";
import { MessageParser } from "../../src/domain/mime/parse.ts";
import { withoutComments } from "../../src/domain/mime/without-comments.ts";
import type { Kind } from "./measure.ts";

/** Every kind of mail that a stranger can make larger, and what readers of mail do with it, on whatever thread. */

const readers: Record<string, { read: (text: string) => unknown; units: readonly string[] }> = {
  addresses: {
    read: (text) => parseAddresses(text, Number.POSITIVE_INFINITY),
    units: ["a . ", "a@b . c ", "<@a,", "@a,<", "(", "a@[", '"', "(a\\)", "a b ", "<a:", "g:", "a@b@", "[ "],
  },
  "message ids": { read: (text) => parseMessageIds(text, 1_000), units: ["<a@b> ", "<", "<a(", "(<a>", "(a)", "<a b"] },
  dates: { read: parseDate, units: ["(", "(a) ", "1 Jan ", "1:", " : "] },
  comments: { read: withoutComments, units: ["(", "<", "(a)", '"', "<(>", "(\\"] },
  "content types": {
    read: (text) => [parseContentType(`a/b;${text}`), parseDisposition(`a;${text}`), parseTransferEncoding(text)],
    units: ["a(;", "x=(", "x=a(b)", "x=a(b;", "name=a b ", "name=a (b) ", "name=a (b", ";", "x*1=a;", '"', "(a)"],
  },
  "values of RFC 2231": { read: (text) => decodeParameter([["x*", text]], "x"), units: ["%41", "'", "%", "a''"] },
  "encoded words": {
    read: decodeHeaderText,
    units: [
      "=?utf-8?q?=C3?= ",
      "=?iso-2022-jp?b?GyRCRg==?= ",
      "=?hz?q?~?= ",
      "=?utf-7?q?+AOk?= ",
      "=?",
      "\0",
      "=?utf-8?q?",
    ],
  },
  "flowed text": { read: (text) => unflow(text, true), units: ["> ", " \n", ">\n", ">> a \n", "-- \n"] },
  HTML: {
    read: (html) => {
      const text = new HtmlText("lines");
      return text.write(html) + text.end();
    },
    units: ["<a href=", "<a href='x'>", "<a>", "</a>", "<br>", "<", "&", "<!--", "<script>", "<p", "a \n"],
  },
};

const charsets = ["iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz", "utf-7", "utf-8", ""];
const octets = [
  "\x1b$B",
  "\x1b",
  "\x1b$BF|\x1b(B",
  "\x0eGQ\x0f",
  "~{",
  "~",
  "\0",
  "\n",
  "\x1bN!",
  "\x1b$(",
  "a",
  "\xff",
];

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const message = (name: string, grow: (size: number) => string): Kind => ({
  name: `a message of ${name}`,
  grown(size) {
    const bytes = latin1(grow(size));
    return () => [describeMessage(bytes), readMessage(bytes)];
  },
});

export const kinds: readonly Kind[] = [
  ...Object.entries(readers).flatMap(([name, { read, units }]) =>
    units.map((unit) => ({
      name: `${name}: ${JSON.stringify(unit)}`,
      grown: (size: number) => {
        const text = unit.repeat(size);
        return () => read(text);
      },
    })),
  ),
  ...charsets.flatMap((charset) =>
    octets.map((unit) => ({
      name: `${charset || "no charset"}: ${JSON.stringify(unit)}`,
      grown: (size: number) => {
        const bytes = latin1(unit.repeat(size));
        return () => {
          const decoder = charsetDecoder(charset);
          return decoder.write(bytes) + decoder.end();
        };
      },
    })),
  ),
  message("parts with names", (size) => {
    const part = "--b\r\nContent-Type: text/plain; name=a(b).txt\r\n\r\nx\r\n";
    return `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(size)}--b--\r\n`;
  }),
  message("alternatives in one another", (size) => {
    const levels = Array.from(
      { length: Math.min(size, 100) },
      (_, n) => `Content-Type: multipart/alternative; boundary=b${n}\r\n\r\n--b${n}\r\n\r\nplain\r\n--b${n}\r\n`,
    );
    return `${levels.join("")}Content-Type: text/html\r\n\r\n${"x".repeat(size)}`;
  }),
  message(
    "messages in one another",
    (size) => `${"Content-Type: message/rfc822\r\n\r\n".repeat(size)}Subject: x\r\n\r\nx\r\n`,
  ),
  message("a long boundary and lines nearly like it", (size) => {
    const boundary = "b".repeat(size);
    const lines = `--${"b".repeat(size - 1)}x\r\n`.repeat(20);
    return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n--${boundary}\r\n\r\n${lines}--${boundary}--\r\n`;
  }),
  {
    name: "a long boundary, octet by octet",
    grown(size) {
      const boundary = "b".repeat(size);
      const bytes = latin1(
        `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n--${boundary}\r\n\r\n--${boundary}x`,
      );
      return () => {
        const parser = new MessageParser();
        for (let at = 0; at < bytes.length; at++) parser.write(bytes.subarray(at, at + 1));
        return parser.end();
      };
    },
  },
];
