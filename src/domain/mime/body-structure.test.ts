import { expect, test } from "bun:test";
import { binaryString, bytesOf } from "./binary-string.ts";
import { formatBodyStructure } from "./body-structure.ts";
import { parseMessage } from "./parse.ts";

function shown(message: string, extended: boolean): string {
  return binaryString(formatBodyStructure(parseMessage(bytesOf(message.replaceAll("\n", "\r\n"))).root, extended));
}

test("BODY of a text has its size in bytes and in lines", () => {
  expect(shown('Content-Type: TEXT/PLAIN; CHARSET="US-ASCII"\n\none\ntwo\n', false)).toBe(
    '("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 10 2)',
  );
});

test("the fields of MIME count without MIME-Version, as they do for what decodes", () => {
  const message = `Content-Transfer-Encoding: base64
Content-ID: <a@example.com>
Content-Disposition: attachment; filename=a.txt

aGVsbG8=
`;
  expect(shown(message, true)).toBe(
    '("text" "plain" ("charset" "us-ascii") "<a@example.com>" NIL "base64" 10 1' +
      ' NIL ("attachment" ("filename" "a.txt")) NIL NIL)',
  );
});

test("BODYSTRUCTURE has extension data, BODY has none", () => {
  const message = `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; name=cc
Content-ID: <960723163407.20117h@cac.washington.edu>
Content-Description: Compiler diff
Content-Transfer-Encoding: BASE64
Content-Language: en
Content-Location: http://x/

TIA=
--b
Content-Type: application/pdf
Content-MD5: abc==
Content-Disposition: attachment; filename="a \\"b\\".pdf"

%PDF
--b--
`;
  expect(shown(message, false)).toBe(
    '(("text" "plain" ("name" "cc" "charset" "us-ascii") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "base64" 4 0)' +
      '("application" "pdf" NIL NIL NIL "7bit" 4) "mixed")',
  );
  expect(shown(message, true)).toBe(
    '(("text" "plain" ("name" "cc" "charset" "us-ascii") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "base64" 4 0' +
      ' NIL NIL ("en") "http://x/")' +
      '("application" "pdf" NIL NIL NIL "7bit" 4 "abc==" ("attachment" ("filename" "a \\"b\\".pdf")) NIL NIL)' +
      ' "mixed" ("boundary" "b") NIL NIL NIL)',
  );
});

test("BODYSTRUCTURE of message/rfc822 has envelope, body and lines; message/global is an ordinary body", () => {
  const inner = "Subject: in\n\nbody\n";
  expect(shown(`Content-Type: message/rfc822\n\n${inner}`, false)).toBe(
    '("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL)' +
      ' ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1) 3)',
  );
  expect(shown(`Content-Type: message/global\n\n${inner}`, false)).toBe('("message" "global" NIL NIL NIL "7bit" 21)');
});
