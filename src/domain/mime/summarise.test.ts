import { expect, test } from "bun:test";
import { bytesOf } from "./binary-string.ts";
import { parseMessage } from "./parse.ts";
import { summarise } from "./summarise.ts";

function summary(text: string) {
  const bytes = bytesOf(text.replaceAll("\n", "\r\n"));
  return summarise(bytes, parseMessage(bytes));
}

test("summarise decodes addresses, subject, ids and date", () => {
  expect(
    summary(`From: =?utf-8?q?J=C3=B6rg?= <joerg@x.org>
Sender: "The, Sender" <s@x.org>
To: Team: a@x.org, B <b@y.org>;, c\xc3\xa9@z.org
Cc:
Subject: =?utf-8?q?Caf=C3=A9?=
 and more
Message-ID:  <1@x.org>
In-Reply-To: Your message <0@x.org> of Monday
References: <a@x.org>
 <b@x.org>
Date: Mon, 2 Jan 2023 10:00:00 +0100
Content-Type: Text/Plain; CHARSET=utf-8; format=flowed

Hello   there,
this is  text.
`),
  ).toEqual({
    from: { name: "Jörg", address: "joerg@x.org" },
    sender: { name: "The, Sender", address: "s@x.org" },
    replyTo: [],
    to: [
      { name: "", address: "a@x.org" },
      { name: "B", address: "b@y.org" },
      { name: "", address: "cé@z.org" },
    ],
    cc: [],
    bcc: [],
    subject: "Café and more",
    messageId: "<1@x.org>",
    inReplyTo: "<0@x.org>",
    references: ["<a@x.org>", "<b@x.org>"],
    date: Date.UTC(2023, 0, 2, 9),
    intro: "Hello there, this is text.",
    attachments: false,
    contentType: { value: "text/plain", params: { charset: "utf-8", format: "flowed" } },
  });
});

test("summarise reads ids and date past their comments", () => {
  const { messageId, inReplyTo, references, date } = summary(`Message-ID: (was <0@x>) <1 @ x(host) . org>
In-Reply-To: <2@x> (from Ann <ann@x>)
References: (all) <3@x>(and)
 <4@x>
Date: Mon (2 Feb 2022), 2 Jan 2023 10(h):00 +0100

`);
  expect([messageId, inReplyTo, references, date]).toEqual([
    "<1@x.org>",
    "<2@x>",
    ["<3@x>", "<4@x>"],
    Date.UTC(2023, 0, 2, 9),
  ]);
});

test("summarise joins words of charsets that shift", () => {
  const { subject, from, intro } = summary(`Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=
 =?iso-2022-jp?B?GyRCOGwbKEI=?=
From: =?iso-2022-kr?B?GyQpQw5HUQ==?= =?iso-2022-kr?B?DjFbDw==?= <a@x>
Content-Type: text/plain; charset=iso-2022-jp

\x1b$BF|K\\\x1b(B\x1b$B8l\x1b(B
`);
  expect([subject, from?.name, intro]).toEqual(["日本語", "한글", "日本語"]);
});

test("summarise of an empty message has nothing to show", () => {
  expect(summary("")).toEqual({
    from: null,
    sender: null,
    replyTo: [],
    to: [],
    cc: [],
    bcc: [],
    subject: "",
    messageId: "",
    inReplyTo: "",
    references: [],
    date: null,
    intro: "",
    attachments: false,
    contentType: { value: "text/plain", params: {} },
  });
});

const multipart = (subtype: string, ...parts: string[]) =>
  `Content-Type: multipart/${subtype}; boundary=b\n\n${parts.map((part) => `--b\n${part}\n`).join("")}--b--\n`;

test("summarise takes the intro from plain text, else from HTML, never from an attachment", () => {
  const html =
    "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+Q2Fmw6kgPGI+aGVyZTwvYj48L3A+";
  expect(summary(multipart("alternative", html, "\nplain")).intro).toBe("plain");
  expect(summary(multipart("alternative", html)).intro).toBe("Café here");
  expect(summary(multipart("mixed", "Content-Disposition: attachment\n\nno", "\nyes")).intro).toBe("yes");
  expect(summary(multipart("mixed", "Content-Type: image/png\n\nno")).intro).toBe("");
});

test("summarise cuts the intro at 128 characters, and never within one", () => {
  expect(summary(`\n${"x".repeat(500)}`).intro).toBe("x".repeat(128));
  expect(summary(`Content-Type: text/plain; charset=utf-8\n\n${"x".repeat(127)}\xf0\x9f\x98\x80`).intro).toBe(
    "x".repeat(127),
  );
});

test("summarise says whether there are attachments", () => {
  const image = "Content-Type: image/png\nContent-ID: <i@x>\n";
  expect(summary(multipart("mixed", "\ntext", `${image}\ndata`)).attachments).toBe(true);
  expect(
    summary(multipart("mixed", "\ntext", "Content-Disposition: attachment; filename=a.txt\n\ntext")).attachments,
  ).toBe(true);
  expect(summary(multipart("mixed", "\ntext", "Content-Type: message/rfc822\n\nSubject: x\n\ny")).attachments).toBe(
    true,
  );
  expect(
    summary(multipart("related", "Content-Type: text/html\n\nx", `${image}Content-Disposition: inline\n\ndata`))
      .attachments,
  ).toBe(false);
  expect(summary(multipart("alternative", "\ntext", "Content-Type: text/html\n\nx")).attachments).toBe(false);
  expect(summary("Content-Type: application/pdf\n\n%PDF").attachments).toBe(true);
});
