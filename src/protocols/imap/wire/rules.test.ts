import { expect, test } from "bun:test";
import fc from "fast-check";
import { Cursor, type Rule } from "./cursor.ts";
import { parseArgs } from "./parse-args.ts";
import * as rules from "./rules.ts";
import { WireSyntaxError } from "./wire-syntax-error.ts";

const { offeredCharsets: _, authenticationLine: __, ...grammar } = rules;

/** Pieces that lead deep into the grammar, between octets that lead nowhere. */
const words = [
  ...'()[]<>{}"\\*%$&+-,.:; \r\n\0\x7f\xff019aZ',
  ..."ALL FULL BODY BODY.PEEK[ HEADER.FIELDS RFC822.SIZE CHANGEDSINCE VANISHED FLAGS +FLAGS.SILENT \\Seen \\Recent".split(
    " ",
  ),
  ..."RETURN CHARSET UTF-8 OR NOT UID MODSEQ HEADER FROM BEFORE 1-Feb-1994 OLDER STATUS SUBSCRIBED QRESYNC UTF8 NIL USE".split(
    " ",
  ),
  "{3}\r\n",
  "{0}\r\n",
  "~{2+}\r\n",
  "{9223372036854775807}\r\n",
  '"01-Jan-2026 00:00:00 +0000"',
  '"x"',
  "1:*",
  "4294967296",
  "&APw-",
];

test("whatever the octets, every rule reads them or throws WireSyntaxError, and never steps back", () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.constant(" ")), { maxLength: 30 });
  fc.assert(
    fc.property(text, fc.boolean(), (parts, utf8) => {
      const octets = Buffer.from(parts.join(""), "latin1");
      for (const rule of Object.values(grammar) as Rule<unknown>[]) {
        const cursor = new Cursor(octets, { utf8 });
        try {
          parseArgs({ value: rule }, cursor);
        } catch (error) {
          if (!(error instanceof WireSyntaxError)) throw error;
          expect(error.offset).toBeLessThanOrEqual(octets.length);
        }
        expect(cursor.at).toBeLessThanOrEqual(octets.length);
      }
    }),
    { numRuns: 3000 },
  );
});

test("long hostile arguments are answered: 64 KiB of each opening", () => {
  for (const piece of [
    "(",
    "((",
    "OR ",
    "NOT ",
    '"\\\\',
    "1,",
    "1.",
    "BODY[] ",
    "a ",
    "{0}\r\n",
    "&",
    "&-",
    "0",
    "\\",
    "(() ",
  ])
    for (const lead of ["", "(", "BODY[", "+FLAGS ", '"" ('])
      for (const rule of Object.values(grammar) as Rule<unknown>[])
        try {
          rule(new Cursor(Buffer.from(lead + piece.repeat(65536 / piece.length), "latin1")));
        } catch (error) {
          expect(error).toBeInstanceOf(WireSyntaxError);
        }
});
