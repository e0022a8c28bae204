import { expect, test } from "bun:test";
import fc from "fast-check";
import { binaryString, bytesOf } from "./binary-string.ts";
import { formatEnvelope } from "./envelope.ts";
import { imapNstring, imapString } from "./imap-string.ts";
import { parseMessage } from "./parse.ts";

const envelope = (header: string) =>
  binaryString(formatEnvelope(parseMessage(bytesOf(`${header}\n\n`)).root.envelope!));

test("ENVELOPE is that of the example in RFC 9051 §7.5.2", () => {
  expect(
    envelope(`Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev2 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>`),
  ).toBe(
    '("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" ' +
      '(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ' +
      '(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ' +
      '((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL ' +
      '"<B27397-0100000@cac.washington.edu>")',
  );
});

test("ENVELOPE: absent is NIL, empty is empty, and sender and reply-to fall back to from", () => {
  expect(envelope("X: y")).toBe("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  expect(envelope("Subject:\nFrom: a@b\nSender:\nReply-To: r@b\nTo:")).toBe(
    '(NIL "" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "r" "b")) NIL NIL NIL NIL NIL)',
  );
});

test("ENVELOPE leaves encoded words as they are, unfolds, and sends 8-bit text as a literal", () => {
  expect(envelope("Subject: =?utf-8?q?=C3=A9?=\n =?utf-8?q?x?=")).toStartWith(
    '(NIL "=?utf-8?q?=C3=A9?= =?utf-8?q?x?=" ',
  );
  expect(envelope("Subject: caf\xc3\xa9")).toStartWith("(NIL {5}\r\ncaf\xc3\xa9 ");
});

test("imapString quotes where it may, and counts the bytes of a literal where not", () => {
  expect(imapString("")).toBe('""');
  expect(imapString('a "b" \\ c\t')).toBe('"a \\"b\\" \\\\ c\t"');
  expect(imapString("a\rb")).toBe("{3}\r\na\rb");
  expect(imapString("a\0b")).toBe("{5}\r\na\xef\xbf\xbdb");
  expect(imapString("\0\xe9")).toBe("{4}\r\n\xef\xbf\xbd\xe9");
  expect(imapString("x".repeat(2000))).toBe(`{2000}\r\n${"x".repeat(2000)}`);
  expect([imapNstring(null), imapNstring(undefined), imapNstring("NIL")]).toEqual(["NIL", "NIL", '"NIL"']);
});

test("imapString gives back any string, with U+FFFD for NUL", () => {
  const chars = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.array(chars, { maxLength: 20 }), (some) => {
      const text = some.join("");
      const sent = imapString(text);
      const literal = /^\{(\d+)\}\r\n/.exec(sent);
      const read = literal === null ? sent.slice(1, -1).replace(/\\(.)/g, "$1") : sent.slice(literal[0].length);
      expect(read).toBe(text.replaceAll("\0", "\xef\xbf\xbd"));
      if (literal !== null) expect(Number(literal[1])).toBe(read.length);
      else expect(sent).toMatch(/^"(?:[\t\x20-!#-[\]-~]|\\["\\])*"$/);
    }),
  );
});
