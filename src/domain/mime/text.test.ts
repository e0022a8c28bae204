import { expect, test } from "bun:test";
import { binaryString, bytesOf } from "./binary-string.ts";
import { parseMessage } from "./parse.ts";
import { decodeText, textPieces } from "./text.ts";

test("decodeText undoes transfer encoding, charset and HTML", () => {
  const part = {
    type: "text",
    subtype: "html",
    params: [["charset", "iso-8859-1"]] as const,
    encoding: "quoted-printable",
  };
  const body = bytesOf("<p>caf=E9 <b>cr=\r\n=E8me</b></p>");
  expect(decodeText(body, part, "strip").trim()).toBe("café crème");
  expect(decodeText(body, part, "keep")).toBe("<p>café <b>crème</b></p>");
});

test("textPieces are the texts and the headers of embedded messages, in order, and no other attachment", () => {
  const message = bytesOf(
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: image/png\n\nimage\n--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: text/html\n\nhtml\n--b\nContent-Type: message/delivery-status\n\nstatus\n--b--",
  );
  const pieces = textPieces(parseMessage(message).root);
  expect(pieces.map(({ kind, start, end }) => [kind, binaryString(message, start, end)])).toEqual([
    ["text", "plain"],
    ["header", "Subject: in\nContent-Type: text/html\n\n"],
    ["text", "html"],
    ["text", "status"],
  ]);
});
