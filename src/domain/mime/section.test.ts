import { expect, test } from "bun:test";
import { binaryString, bytesOf } from "./binary-string.ts";
import { parseMessage } from "./parse.ts";
import { type SectionText, sectionRange } from "./section.ts";

/** A message whose parts are numbered as in the example of RFC 9051 §6.4.5.1; each body is its own number. */
const message = bytesOf(
  `Subject: top
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: text/plain

1
--a
Content-Type: application/octet-stream

2
--a
Content-Type: message/rfc822
Content-ID: <3>

Subject: three
Content-Type: multipart/mixed; boundary=b

--b

3.1
--b
Content-Type: application/octet-stream

3.2
--b--
--a
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: image/gif

4.1
--c
Content-Type: message/rfc822

Subject: four two
Content-Type: multipart/mixed; boundary=d

--d

4.2.1
--d
Content-Type: multipart/alternative; boundary=e

--e

4.2.2.1
--e
Content-Type: text/richtext

4.2.2.2
--e--
--d--
--c--
--a
Content-Type: message/rfc822

Subject: five

5.1
--a--
`.replaceAll("\n", "\r\n"),
);
const anatomy = parseMessage(message);

function read(part: string, text: SectionText = "all"): string | null {
  const range = sectionRange(anatomy, part === "" ? [] : part.split(".").map(Number), text);
  return range === null ? null : binaryString(message, range.start, range.end);
}

test("section numbers reach the parts of RFC 9051 §6.4.5.1's example", () => {
  for (const part of ["1", "2", "3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2", "5.1"]) {
    expect(read(part)).toBe(part);
  }
});

test("section of a container is its whole body", () => {
  expect(read("")).toBe(binaryString(message));
  expect(read("5")).toBe("Subject: five\r\n\r\n5.1");
  expect(read("4.2.2")).toStartWith("--e\r\n");
  expect(read("4.2.2")).toEndWith("--e--");
  expect(read("3")).toStartWith("Subject: three\r\n");
});

test("section HEADER and TEXT are those of the message in the part", () => {
  expect(read("", "header")).toBe("Subject: top\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n");
  expect(read("", "text")).toStartWith("--a\r\n");
  expect(read("3", "header")).toBe("Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
  expect(read("4.2", "fields")).toStartWith("Subject: four two\r\n");
  expect(read("3", "text")).toStartWith("--b\r\n");
  expect(read("5", "text")).toBe("5.1");
});

test("section MIME is the header of the part itself", () => {
  expect(read("3", "mime")).toBe("Content-Type: message/rfc822\r\nContent-ID: <3>\r\n\r\n");
  expect(read("4.2.2.2", "mime")).toBe("Content-Type: text/richtext\r\n\r\n");
  expect(read("3.1", "mime")).toBe("\r\n");
});

test("section is null where there is no such part", () => {
  for (const part of ["0", "6", "1.1", "1.2", "3.3", "3.1.1", "4.3", "4.2.2.3", "5.2", "5.1.1", "4.2.1.1"]) {
    expect([part, read(part)]).toEqual([part, null]);
  }
  expect(read("", "mime")).toBeNull();
  for (const text of ["header", "fields", "fields-not", "text"] as const) {
    expect(read("1", text)).toBeNull();
    expect(read("4", text)).toBeNull();
    expect(read("3.1", text)).toBeNull();
  }
});

test("section 1 of a message without parts is its body, and has its header as MIME header", () => {
  const bytes = bytesOf("Subject: x\r\n\r\nbody");
  const simple = parseMessage(bytes);
  expect(sectionRange(simple, [1], "all")).toEqual({ start: 14, end: 18 });
  expect(sectionRange(simple, [1], "mime")).toEqual({ start: 0, end: 14 });
  expect(sectionRange(simple, [1], "header")).toBeNull();
  expect(sectionRange(simple, [2], "all")).toBeNull();
  expect(sectionRange(simple, [1, 1], "all")).toBeNull();
});

test("section numbers go through a message that is itself the body of a message", () => {
  const bytes = bytesOf("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: in\n\nbody");
  const nested = parseMessage(bytes);
  const text = (part: number[], kind: SectionText) => {
    const range = sectionRange(nested, part, kind);
    return range && binaryString(bytes, range.start, range.end);
  };
  expect(text([1], "text")).toBe("Subject: in\n\nbody");
  expect(text([1, 1], "header")).toBe("Subject: in\n\n");
  expect(text([1, 1, 1], "all")).toBe("body");
  expect(text([1, 1, 1, 1], "all")).toBeNull();
});
