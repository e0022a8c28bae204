import { expect, test } from "bun:test";
import type { AttachmentFacts } from "../account/requests.ts";
import { linkAttachments } from "./attachment-links.ts";

const attachment = (id: string, cid: string | null) => ({ id, cid }) as AttachmentFacts;
const attachments = [
  attachment("ATT00001", "<logo@example.com>"),
  attachment("ATT00002", "a b"),
  attachment("ATT00003", null),
];
const link = (html: string) => linkAttachments(html, attachments, (id) => `attachment:${id}`);

test.each([
  ['<img src="cid:logo@example.com">', '<img src="attachment:ATT00001">'],
  ["<img src='CID:logo%40example.com'>", "<img src='attachment:ATT00001'>"],
  ['<img src="cid:a%20b">', '<img src="attachment:ATT00002">'],
  ["url(cid:logo@example.com)", "url(attachment:ATT00001)"],
  ['<img src="attachment:ATT00003">', '<img src="attachment:ATT00003">'],
  ['<img src="cid:unknown">', '<img src="cid:unknown">'],
  ['<img src="attachment:ATT00009">', '<img src="attachment:ATT00009">'],
  ["cid:%E0%A4%A", "cid:%E0%A4%A"],
])("%s becomes %s", (html, expected) => {
  expect(link(html)).toBe(expected);
});

test("links to where attachments are served, where that is asked for", () => {
  const linked = linkAttachments('<img src="cid:logo@example.com">', attachments, (id) => `/x/${id}`);
  expect(linked).toBe('<img src="/x/ATT00001">');
});
