import { describe, expect, test } from "bun:test";
import { type ByteSink, ResponseBuffer } from "./response-buffer.ts";

class Chunks implements ByteSink {
  readonly sent: string[] = [];
  readonly lasting: Uint8Array[] = [];
  write(bytes: Uint8Array, lasting: boolean): void {
    this.sent.push(Buffer.from(bytes).toString("latin1"));
    if (lasting) this.lasting.push(bytes);
  }
}

function printed(write: (out: ResponseBuffer) => void): string {
  const chunks = new Chunks();
  const out = new ResponseBuffer(chunks);
  write(out);
  out.flush();
  return chunks.sent.join("");
}

describe("ResponseBuffer", () => {
  test("numbers in decimal", () => {
    const edges = [0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 100_000, 999_999, 1_000_000, 9_999_999];
    const large = [10_000_000, 99_999_999, 100_000_000, 999_999_999, 1_000_000_000, 0x7fff_ffff, 0x8000_0000];
    for (const value of [...edges, ...large, 0xffff_ffff, 2 ** 40, Number.MAX_SAFE_INTEGER])
      expect(printed((out) => out.number(value))).toBe(String(value));
  });

  test("strings quoted where they may be, else as literals", () => {
    expect(printed((out) => out.string('a "b" \\'))).toBe('"a \\"b\\" \\\\"');
    expect(printed((out) => out.string(""))).toBe('""');
    expect(printed((out) => out.string("a\r\nb"))).toBe("{4}\r\na\r\nb");
    expect(printed((out) => out.string("ü"))).toBe("{2}\r\n\xc3\xbc");
    expect(printed((out) => out.string("ü", true))).toBe('"\xc3\xbc"');
    expect(printed((out) => out.string("x".repeat(1025)))).toBe(`{1025}\r\n${"x".repeat(1025)}`);
    expect(printed((out) => out.nstring(null).ascii(" ").nstring("NIL"))).toBe('NIL "NIL"');
  });

  test("astrings as atoms where they may be", () => {
    for (const text of ["INBOX", "a]b", "Archive/2026"]) expect(printed((out) => out.astring(text))).toBe(text);
    for (const text of ["", "nil", "a b", "a*", "%", "a(b", "a{1}"])
      expect(printed((out) => out.astring(text))).toBe(`"${text}"`);
  });

  test("mailbox names in modified UTF-7, or UTF-8 where that is on", () => {
    expect(printed((out) => out.mailbox("Entwürfe", false))).toBe("Entw&APw-rfe");
    expect(printed((out) => out.mailbox("Entwürfe", true))).toBe('"Entw\xc3\xbcrfe"');
    expect(printed((out) => out.mailbox("A & B", false))).toBe('"A &- B"');
    expect(printed((out) => out.mailbox("A&B", true))).toBe("A&B");
  });

  test("dates in UTC", () => {
    expect(printed((out) => out.internalDate(0))).toBe('"01-Jan-1970 00:00:00 +0000"');
    expect(printed((out) => out.internalDate(Date.UTC(2024, 1, 29, 23, 59, 59, 999)))).toBe(
      '"29-Feb-2024 23:59:59 +0000"',
    );
    expect(printed((out) => out.internalDate(-1000))).toBe('"31-Dec-1969 23:59:59 +0000"');
  });

  test("UID sets, flag lists, and text for people without control characters", () => {
    expect(printed((out) => out.uidSet([1, 1, 3, 4, 9, 4294967295]))).toBe("1,3:4,9:4294967295");
    expect(printed((out) => out.flags(["\\Seen", "$x"]).flags([]))).toBe("(\\Seen $x)()");
    expect(printed((out) => out.text("a\r\nb OK\0 ü"))).toBe("a b OK  \xc3\xbc");
  });

  test("hands over full space and begins again in it; nothing is lost or doubled", () => {
    const chunks = new Chunks();
    const out = new ResponseBuffer(chunks, 1024);
    let expected = "";
    for (let i = 0; i < 3000; i++) {
      out.ascii("* ").number(i).ascii(" ").internalDate(i).string(`s${i}`).crlf();
      expected += `* ${i} "01-Jan-1970 00:00:0${Math.floor(i / 1000)} +0000""s${i}"\r\n`;
    }
    out.flush();
    out.flush();
    expect(chunks.sent.join("")).toBe(expected);
    expect(chunks.sent.length).toBeGreaterThan(10);
    expect(chunks.sent.every((chunk) => chunk.length > 0 && chunk.length <= 1024)).toBe(true);
    expect(chunks.lasting).toEqual([]);
  });

  test("large literals go to the sink themselves, in their place", () => {
    const chunks = new Chunks();
    const body = new Uint8Array(100_000).fill(0x78);
    const out = new ResponseBuffer(chunks);
    out.ascii("a ").literal(body).ascii(" b").flush();
    expect(chunks.lasting[0]).toBe(body);
    expect(chunks.sent).toEqual(["a {100000}\r\n", "x".repeat(100_000), " b"]);
    expect(printed((plain) => plain.ascii("y".repeat(70_000)).ascii("z"))).toBe(`${"y".repeat(70_000)}z`);
  });
});
