import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ParsedPath, parsePath } from "../../../domain/account/mailbox-path.ts";
import { listMailbox, listReference, mailbox } from "./grammar/mailbox.ts";
import { decodeModifiedUtf7, encodeModifiedUtf7 } from "./modified-utf7.ts";
import { ResponseBuffer } from "./print/response-buffer.ts";
import { expectRefused, read } from "./read-rule.fixture.ts";
import { ImpossibleName } from "./wire-syntax-error.ts";

describe("modified UTF-7", () => {
  test("the example of RFC 3501 §5.1.3, and some more", () => {
    const pairs = {
      "~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
      "": "",
      "&": "&-",
      "A&B": "A&-B",
      "&&": "&-&-",
      Entwürfe: "Entw&APw-rfe",
      "😀": "&2D3eAA-",
      "\n": "&AAo-",
      "ü&": "&APw-&-",
      "Jednotka Ł - ž": "Jednotka &AUE- - &AX4-",
    };
    for (const [name, encoded] of Object.entries(pairs)) {
      expect(encodeModifiedUtf7(name)).toBe(encoded);
      expect(decodeModifiedUtf7(encoded)).toBe(name);
    }
  });

  test("one name has one spelling: all others are refused", () => {
    const wrong = [
      "&",
      "a&",
      "&AP",
      "&APw", // never closed
      "&AGE-", // a printable letter in base64
      "&APw-&APw-", // shifts side by side
      "&A-",
      "&AP-",
      "&APx-",
      "&APwA-", // bits left over
      "&2D0-",
      "&3gA-",
      "&3gDYPQ-", // half a surrogate pair, and one the wrong way round
      "&AP/-",
      "&A P-",
      "&AP=-", // not the alphabet
      "ü",
      "\x01",
      "\x7f", // not printable ASCII
    ];
    for (const text of wrong) expect([text, decodeModifiedUtf7(text)]).toEqual([text, null]);
  });

  test("every name comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (name) => {
        const encoded = encodeModifiedUtf7(name);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeModifiedUtf7(encoded)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  test("every text is refused or is the spelling of what it says", () => {
    const unit = fc.constantFrom(..."&&&--AAPw,+/=2D3eg\x01ü");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 16 }), (text) => {
        const name = decodeModifiedUtf7(text);
        if (name !== null) expect(encodeModifiedUtf7(name)).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("mailbox names", () => {
  const utf8 = { utf8: true };

  test("INBOX in any case; modified UTF-7 before UTF8=ACCEPT, UTF-8 after", () => {
    expect(read(mailbox, "inBox")).toBe("INBOX");
    expect(read(mailbox, '"inbox"', utf8)).toBe("INBOX");
    expect(read(mailbox, "inbox/x")).toBe("INBOX/x");
    expect(read(mailbox, "/Work/x/")).toBe("Work/x");
    expect(read(mailbox, "Entw&APw-rfe")).toBe("Entwürfe");
    expect(read(mailbox, "{12}\r\nEntw&APw-rfe")).toBe("Entwürfe");
    expect(read(mailbox, '"Entw&APw-rfe"', utf8)).toBe("Entw&APw-rfe");
    expect(read(mailbox, '"Entw\xc3\xbcrfe"', utf8)).toBe("Entwürfe");
    expectRefused(mailbox, ['"Entw\xc3\xbcrfe"', "a&b", "a*", "a%", "(a)", "", '"a\x01b"']);
    expectRefused(mailbox, ['"\xff"', "a\xc3\xbc"], utf8);
  });

  test("what no mailbox can be called is said as that, and is no error of syntax", () => {
    const why = (text: string, context = { utf8: false }) => {
      try {
        return read(mailbox, text, context);
      } catch (error) {
        return error instanceof ImpossibleName && error.expected;
      }
    };
    expect(why('"Entw\xc3\xbcrfe"')).toBe("it is not modified UTF-7");
    expect(why("a&b")).toBe("it is not modified UTF-7");
    expect(why('"\xff"')).toBe("it is not modified UTF-7");
    expect(why('"\xff"', utf8)).toBe("it is not UTF-8");
    expect(why('""')).toBe("the name is empty");
    expect(why("/")).toBe("the name is empty");
    expect(why("a//b")).toBe("a level is empty");
    expect(why('"a\x01b"', utf8)).toBe("control characters are not allowed");
    expect(why("a*")).toBe(false);
  });

  test("the names of LIST that cannot be names are none", () => {
    for (const rule of [listReference, listMailbox]) {
      expect(read(rule, "a&b")).toBe(null);
      expect(read(rule, '"\xff"')).toBe(null);
      expect(read(rule, '"\xff"', utf8)).toBe(null);
      expect(read(rule, '"A&B"', utf8)).toBe("A&B");
    }
    expect(read(listReference, "inbox/")).toBe("inbox/");
  });

  test("list-mailbox keeps its wildcards", () => {
    expect(read(listMailbox, "Entw&APw-*/%]")).toBe("Entwü*/%]");
    expect(read(listMailbox, '"*"')).toBe("*");
    expect(read(listMailbox, '""')).toBe("");
    expectRefused(listMailbox, ["", "a b", "(a)", 'a"', "a{", "a\\"]);
  });

  test("what is printed is read again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.boolean(), (name, accepted) => {
        fc.pre("path" in parsePath(name));
        const chunks: Uint8Array[] = [];
        const out = new ResponseBuffer({ write: (bytes) => chunks.push(bytes.slice()) });
        out.mailbox(name, accepted).flush();
        expect(read(mailbox, Buffer.concat(chunks), { utf8: accepted })).toBe((parsePath(name) as ParsedPath).path);
      }),
      { numRuns: 2000 },
    );
  });
});
