import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./anatomy.ts";
import { bytesOf } from "./binary-string.ts";
import { fileNameOf } from "./decode-parameter.ts";
import { parseMessage } from "./parse.ts";
import { shownParts } from "./shown-parts.ts";

const parse = (text: string) => parseMessage(bytesOf(text.replaceAll("\n", "\r\n"))).root;
const multipart = (subtype: string, ...parts: string[]) => {
  const boundary = `${subtype}-${parts.length}`;
  return `Content-Type: multipart/${subtype}; boundary=${boundary}\n\n${parts.map((part) => `--${boundary}\n${part}\n`).join("")}--${boundary}--\n`;
};
const plain = "Content-Type: text/plain\n\nplain";
const html = "Content-Type: text/html\n\n<p>html</p>";
const image = "Content-Type: image/png\nContent-ID: <i@x>\n\npng";

function shown(text: string) {
  const { texts, attachments } = shownParts(parse(text));
  return {
    texts: texts.map((one) => ("part" in one ? `${one.part.subtype}${one.twin ? " twin" : ""}` : `(${one.subject})`)),
    attachments: attachments.map(({ part, related }) => `${part.subtype}${related ? " related" : ""}`),
  };
}

test("shownParts: texts with a file name are both read and attached, those that say so only attached", () => {
  const named = "Content-Type: text/plain; name=a.txt\n\nx";
  const inline = "Content-Type: text/html\nContent-Disposition: inline; filename*=utf-8''%C3%A9.html\n\nx";
  const attached = "Content-Disposition: attachment\n\nx";
  const calendar = "Content-Type: text/calendar\n\nx";
  expect(shown(multipart("mixed", plain, named, inline, attached, calendar))).toEqual({
    texts: ["plain", "plain", "html"],
    attachments: ["plain", "html", "plain", "calendar"],
  });
  expect(shown("Content-Type: text/plain; name=a.txt\n\nx")).toEqual({ texts: ["plain"], attachments: ["plain"] });
  expect(shown("Subject: x\n\nx")).toEqual({ texts: ["plain"], attachments: [] });
});

test("shownParts: of alternatives in plain text and HTML each is the other's twin", () => {
  expect(shown(multipart("mixed", multipart("alternative", plain, multipart("related", html, image)), plain))).toEqual({
    texts: ["plain twin", "html twin", "plain"],
    attachments: ["png related"],
  });
  expect(shown(multipart("mixed", multipart("alternative", plain), html)).texts).toEqual(["plain", "html"]);
});

test("shownParts: an embedded message is attached, and shown unless it is a file", () => {
  const inner = (more = "") =>
    `Content-Type: message/rfc822\n${more}\nSubject: in\n${multipart("mixed", plain, image)}`;
  expect(shown(multipart("mixed", plain, inner()))).toEqual({
    texts: ["plain", "(in)", "plain"],
    attachments: ["rfc822", "png"],
  });
  for (const more of ["Content-Disposition: attachment\n", "Content-Disposition: inline; filename=a.eml\n"]) {
    expect(shown(multipart("mixed", plain, inner(more)))).toEqual({ texts: ["plain"], attachments: ["rfc822"] });
  }
  const report = "Content-Type: message/delivery-status\n\nStatus: 5.1.1";
  expect(shown(multipart("report", plain, report))).toEqual({ texts: ["plain", "delivery-status"], attachments: [] });
});

const folder = join(import.meta.dir, "corpus");
for (const file of readdirSync(folder).filter((name) => name.endsWith(".eml"))) {
  test(`shownParts of ${file}: whatever has a file name is attached, or in a message that is`, () => {
    const { root } = parseMessage(readFileSync(join(folder, file)));
    const attached = new Set(shownParts(root).attachments.map(({ part }) => part));
    const visit = (part: Part): void => {
      if (part.kind !== "multipart" && fileNameOf(part) !== null) expect(attached).toContain(part);
      if (part.kind !== "message" || part.disposition?.value !== "attachment") part.children.forEach(visit);
    };
    visit(root);
  });
}
