import { expect, test } from "bun:test";
import { bytesOf } from "../../domain/mime/binary-string.ts";
import { readAttachment, readMessage } from "./read-message.ts";

const crlf = (text: string) => bytesOf(text.replaceAll("\n", "\r\n"));
const read = (text: string) => readMessage(crlf(text));
const multipart = (subtype: string, ...parts: string[]) =>
  `Content-Type: multipart/${subtype}; boundary=${subtype}\n\n${parts.map((part) => `--${subtype}\n${part}\n`).join("")}--${subtype}--\n`;
const html = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p>caf=C3=A9</p>";

test("readMessage: the HTML of a multipart/mixed keeps the author's plain texts, in their places", () => {
  const { text, html: shown } = read(multipart("mixed", "\nfirst <1>\n\n& more\nlines", html, "\nlast"));
  expect(text).toBe("first <1>\n\n& more\nlines\ncafé\nlast");
  expect(shown).toEqual(["<p>first &lt;1&gt;</p><p>&amp; more<br/>lines</p><br/>\n<p>café</p><br/>\n<p>last</p>"]);
});

test("readMessage: of alternatives the text has one and the HTML the other", () => {
  const { text, html: shown } = read(multipart("mixed", multipart("alternative", "\nplain", html), "\nfooter"));
  expect(text).toBe("plain\nfooter");
  expect(shown).toEqual(["<p>café</p><br/>\n<p>footer</p>"]);
  expect(read(multipart("alternative", html)).text).toBe("café");
  expect(read("Subject: x\n\nplain").html).toEqual([]);
});

test("readMessage: named texts can be had as attachments, inline ones too", () => {
  const message = multipart(
    "mixed",
    "\nbody",
    "Content-Type: text/plain; name=notes.txt\nContent-Disposition: inline\n\nnotes",
    "Content-Type: text/html;\n name*0*=utf-8''%C3%A9; name*1=.html\n\n<p>x</p>",
    "Content-Type: application/pdf; name=report(1).pdf\nContent-Transfer-Encoding: base64 (really)\nContent-ID: (c) <a@b> (d)\n\naGVsbG8=",
  );
  const { text, attachments } = read(message);
  expect(text).toBe("body\nnotes\nx");
  expect(attachments.map(({ id, filename, contentType, size, cid }) => [id, filename, contentType, size, cid])).toEqual(
    [
      ["ATT00001", "notes.txt", "text/plain", 5, null],
      ["ATT00002", "é.html", "text/html", 8, null],
      ["ATT00003", "report(1).pdf", "application/pdf", 5, "<a@b>"],
    ],
  );
  expect(Buffer.from(readAttachment(crlf(message), "ATT00001")!.bytes).toString()).toBe("notes");
  expect(Buffer.from(readAttachment(crlf(message), "ATT00003")!.bytes).toString()).toBe("hello");
  expect(readAttachment(crlf(message), "ATT00004")).toBeNull();
});

test("readMessage: an embedded message is shown with its heading, and can be had whole", () => {
  const inner = `From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <a@x>\nSubject: in\nTo: b@x\n\ninner`;
  const message = multipart("mixed", "\nouter", `Content-Type: message/rfc822\n\n${inner}`);
  const { text, attachments } = read(message);
  expect(text).toBe("outer\n\nFrom: 日本 <a@x>\nSubject: in\nTo: b@x\n\ninner");
  expect(attachments.map(({ contentType }) => contentType)).toEqual(["message/rfc822"]);
  expect(Buffer.from(readAttachment(crlf(message), "ATT00001")!.bytes)).toEqual(Buffer.from(crlf(inner)));
});

test("readMessage: charsets, flowed text and headers are read as everywhere", () => {
  const { headers, text } = read(
    "Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\n =?iso-2022-jp?B?GyRCOGwbKEI=?=\nContent-Type: text/plain; charset=iso-2022-jp; format=flowed; delsp=yes\n\n\x1b$BF|K\\\x1b(B \n\x1b$B8l\x1b(B.",
  );
  expect([headers[0], text]).toEqual([{ key: "subject", value: "日本語" }, "日本語."]);
});

test("readMessage: plain text is read whole, what takes long up to 4 MB; a message of any bytes is read", () => {
  const megabytes = 1024 * 1024;
  const long = "word \n".repeat(megabytes);
  expect(read(`Subject: x\n\n${long}`).text).toBe(long);
  expect(read(`Content-Type: text/plain; format=flowed\n\n${long}`).text).toBe(long);
  const { text, html: shown } = read(
    multipart("mixed", `Content-Type: text/html\n\n${"x".repeat(5 * megabytes)}`, html),
  );
  expect([text.length, shown.join("").length]).toEqual([4 * megabytes + 1, 4 * megabytes + 6]);
  const { text: encoded } = read(`Content-Type: text/plain; charset=utf-7\n\n${"+AOk-".repeat(megabytes)}`);
  expect(encoded.length).toBe(Math.ceil((4 * megabytes) / 5));
  for (const bytes of [new Uint8Array(0), new Uint8Array([0, 255, 10, 13])])
    expect(readMessage(bytes).attachments).toEqual([]);
});
