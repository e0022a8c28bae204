import { expect, test } from "bun:test";
import fc from "fast-check";
import { binaryString, bytesOf } from "./binary-string.ts";
import { decodeTransfer, transferDecoder } from "./transfer-decoder.ts";

const decode = (text: string, encoding: string) => binaryString(decodeTransfer(bytesOf(text), encoding));

function decodeChunked(bytes: Uint8Array, encoding: string, size: number): string {
  const decoder = transferDecoder(encoding);
  let text = "";
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = new Uint8Array(bytes.subarray(at, at + size));
    text += binaryString(decoder.write(chunk));
    chunk.fill(61);
  }
  return text + binaryString(decoder.end());
}

const chunkSize = fc.integer({ min: 1, max: 20 });

test("base64 gives back any bytes, for any line length and chunks", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 80 }), chunkSize, (bytes, width, size) => {
      const lines =
        Buffer.from(bytes)
          .toString("base64")
          .match(new RegExp(`.{1,${width}}`, "g")) ?? [];
      const encoded = bytesOf(lines.join("\r\n"));
      expect(decodeChunked(encoded, "base64", size)).toBe(binaryString(bytes));
    }),
    { numRuns: 300 },
  );
});

test("base64 passes over what it does not know, misses no byte without padding, and goes on after padding", () => {
  expect(decode("aGVs\0bG8!", "base64")).toBe("hello");
  expect(decode("aGVsbG8", "base64")).toBe("hello");
  expect(decode("aGk=aGk=", "base64")).toBe("hihi");
  expect(decode("=", "base64")).toBe("");
});

function quotedPrintable(bytes: Uint8Array): string {
  let text = "";
  let width = 0;
  for (const byte of bytes) {
    const plain = byte > 32 && byte < 127 && byte !== 61;
    const piece = plain ? String.fromCharCode(byte) : `=${byte.toString(16).padStart(2, "0").toUpperCase()}`;
    if (width + piece.length > 20) {
      text += "=\r\n";
      width = 0;
    }
    text += piece;
    width += piece.length;
  }
  return text;
}

test("quoted-printable gives back any bytes, in any chunks", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), chunkSize, (bytes, size) => {
      expect(decodeChunked(bytesOf(quotedPrintable(bytes)), "quoted-printable", size)).toBe(binaryString(bytes));
    }),
    { numRuns: 300 },
  );
});

test("quoted-printable of any text is the same in any chunks", () => {
  const pieces = fc.constantFrom(
    "=",
    "3D",
    "=3",
    "=\r\n",
    "=\n",
    "= \t\r\n",
    "= x",
    "=\r",
    "a",
    " ",
    "\r\n",
    "==",
    "=G1",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), chunkSize, (some, size) => {
      const bytes = bytesOf(some.join(""));
      expect(decodeChunked(bytes, "quoted-printable", size)).toBe(
        binaryString(decodeTransfer(bytes, "quoted-printable")),
      );
    }),
    { numRuns: 1000 },
  );
});

test("quoted-printable takes lower-case hex and leaves what is no escape", () => {
  expect(decode("caf=c3=a9 1=2 =zz =\r\nend=", "quoted-printable")).toBe("caf\xc3\xa9 1=2 =zz end");
  expect(decode("soft=  \t\r\nbreak=\nhere", "quoted-printable")).toBe("softbreakhere");
});

test("other encodings leave the bytes as they are", () => {
  for (const encoding of ["7bit", "8bit", "binary", "x-unknown"]) expect(decode("=3D\xff", encoding)).toBe("=3D\xff");
});
