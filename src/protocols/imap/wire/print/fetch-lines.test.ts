import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Columns } from "../../../../actors/account/requests.ts";
import { runsOf } from "../../../../domain/account/uid-runs.ts";
import { type ColumnItems, FetchLine, writeFetchLines } from "./fetch-lines.ts";
import { ResponseBuffer } from "./response-buffer.ts";
import { sequenceWalk } from "./sequence-walk.ts";

type Row = { uid: number; modseq?: number; flags?: number; size?: number; date?: number };

function columnsOf(rows: readonly Row[], keywordSets: Columns["keywordSets"] = [[]]): Columns {
  const column = (of: (row: Row) => number) => Uint32Array.from(rows, of);
  return {
    ok: true,
    seq: 1,
    uids: column((row) => row.uid),
    modseqs: column((row) => row.modseq ?? 1),
    flags: column((row) => row.flags ?? 0),
    keywordSets,
    sizes: column((row) => row.size ?? 0),
    dates: column((row) => row.date ?? 0),
    messages: new Uint8Array(0),
  };
}

function printed(print: (out: ResponseBuffer) => void, size?: number): string {
  let text = "";
  const write = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString("latin1");
  };
  const out = new ResponseBuffer({ write }, size);
  print(out);
  out.flush();
  return text;
}

const all: ColumnItems = { uid: true, flags: true, modseq: true, size: true, internaldate: true };

describe("FETCH lines", () => {
  test("every item, in one order", () => {
    const columns = columnsOf([{ uid: 7, modseq: 42, flags: 0b10001, size: 4096, date: 86_400 }]);
    const text = printed((out) => writeFetchLines(out, columns, all, sequenceWalk([3, 3, 7, 9])));
    expect(text).toBe(
      '* 2 FETCH (UID 7 FLAGS (\\Seen \\Draft) MODSEQ (42) RFC822.SIZE 4096 INTERNALDATE "02-Jan-1970 00:00:00 +0000")\r\n',
    );
  });

  test("any combination of items is what naive printing says, over any size of buffer", () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const row = fc.record({
      uid: fc.integer({ min: 1, max: 60 }),
      modseq: u32,
      size: u32,
      date: u32,
      flags: fc.nat(127),
    });
    const items = fc.record({
      uid: fc.boolean(),
      flags: fc.boolean(),
      modseq: fc.boolean(),
      size: fc.boolean(),
      internaldate: fc.boolean(),
    });
    const known = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 50 });
    const sets = [[], ["$a"], ["$b", "c"], ["k".repeat(300), "l".repeat(6000)]];
    const flagNames = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: ({ uid }) => uid }),
        items,
        known,
        known,
        (rows, wanted, told, recent) => {
          rows.sort((a, b) => a.uid - b.uid);
          const sequences = [...new Set(told)].sort((a, b) => a - b);
          const lines = rows.flatMap(({ uid, modseq, flags, size, date }) => {
            const sequence = sequences.indexOf(uid) + 1;
            if (sequence === 0) return [];
            const list = [...flagNames.filter((_, bit) => flags & (1 << bit)), ...(sets[flags >>> 5] ?? [])];
            if (recent.includes(uid)) list.push("\\Recent");
            const when = new Date(date * 1000).toUTCString().split(" ");
            const parts = [
              wanted.uid && `UID ${uid}`,
              wanted.flags && `FLAGS (${list.join(" ")})`,
              wanted.modseq && `MODSEQ (${modseq})`,
              wanted.size && `RFC822.SIZE ${size}`,
              wanted.internaldate && `INTERNALDATE "${when[1]}-${when[2]}-${when[3]} ${when[4]} +0000"`,
            ].filter((part) => part !== false);
            return [`* ${sequence} FETCH (${parts.join(" ")})\r\n`];
          });
          let count = 0;
          const text = printed((out) => {
            count = writeFetchLines(out, columnsOf(rows, sets), wanted, sequenceWalk(runsOf(told)), runsOf(recent));
          }, 1024);
          expect(text).toBe(lines.join(""));
          expect(count).toBe(lines.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("other items can join a line", () => {
    const columns = columnsOf([{ uid: 5, flags: 1 }]);
    const text = printed((out) => {
      const line = new FetchLine(out, columns, { uid: true });
      const any = line.open(0, 1);
      out.ascii(any ? " ENVELOPE " : "ENVELOPE ").raw(Buffer.from("(NIL)"));
      line.close();
      expect(new FetchLine(out, columns, {}).open(0, 2)).toBe(false);
    });
    expect(text).toBe("* 1 FETCH (UID 5 ENVELOPE (NIL))\r\n* 2 FETCH (");
  });
});

test("a walk knows the sequence numbers of what the client was told", () => {
  const walk = sequenceWalk([2, 4, 10, 10, 4294967295, 4294967295]);
  expect([1, 2, 4, 5, 9, 10, 11, 4294967295].map((uid) => walk.to(uid))).toEqual([0, 1, 3, 0, 0, 4, 0, 5]);
  expect(sequenceWalk([]).to(1)).toBe(0);
});
