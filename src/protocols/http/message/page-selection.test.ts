import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type MessageKey, selectPage } from "./page-selection.ts";

type Columns = { uids: number[]; dates: number[] };
const mailbox: fc.Arbitrary<Columns> = fc
  .array(fc.nat(30), { maxLength: 60 })
  .map((dates) => ({ dates, uids: dates.map((_, at) => at * 3 + 1) }));

/** The list as one sort would give it. */
function sorted({ uids, dates }: Columns, order: "asc" | "desc"): number[] {
  const at = uids.map((_, index) => index).sort((a, b) => dates[a]! - dates[b]! || a - b);
  return (order === "asc" ? at : at.reverse()).map((index) => uids[index]!);
}

describe("selectPage", () => {
  test("page by page shows every message once and in order, forwards and back", () => {
    fc.assert(
      fc.property(mailbox, fc.constantFrom("asc", "desc"), fc.integer({ min: 1, max: 7 }), (columns, order, limit) => {
        const all = sorted(columns, order);
        const forwards: number[][] = [];
        let start: { way: "next" | "previous"; key: MessageKey } | null = null;
        for (;;) {
          const page = selectPage(columns, { order, start, limit });
          expect(page.before).toBe(forwards.length > 0);
          forwards.push([...page.uids]);
          if (!page.after) break;
          start = { way: "next", key: page.ends!.last };
        }
        expect(forwards.flat()).toEqual(all);
        while (forwards.length > 1) {
          const from: number[] = forwards.pop()!;
          const at = columns.uids.indexOf(from[0]!);
          const key: MessageKey = [columns.dates[at]!, from[0]!];
          const page = selectPage(columns, { order, start: { way: "previous", key }, limit });
          expect([...page.uids]).toEqual(forwards[forwards.length - 1]!);
          expect(page.after).toBe(true);
          expect(page.before).toBe(forwards.length > 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("goes on from where a message was that is gone", () => {
    const columns = { uids: [1, 2, 4, 5], dates: [10, 10, 10, 10] };
    const page = selectPage(columns, { order: "asc", start: { way: "next", key: [10, 3] }, limit: 1 });
    expect(page).toMatchObject({ uids: [4], before: true, after: true });
  });

  test("puts a message that came late but is dated early where its date belongs", () => {
    const columns = { uids: [1, 2, 3], dates: [100, 300, 200] };
    expect(selectPage(columns, { order: "desc", start: null, limit: 5 }).uids).toEqual([2, 3, 1]);
  });

  test("of nothing is nothing", () => {
    const page = selectPage({ uids: [], dates: [] }, { order: "desc", start: null, limit: 5 });
    expect(page).toEqual({ uids: [], ends: null, before: false, after: false });
  });
});
