import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Announcement, OpenedMailbox } from "../../actors/account/requests.ts";
import type { AccountEvent } from "../../domain/account/events.ts";
import { eachUid, runOf, runsOf, type UidRuns } from "../../domain/account/uid-runs.ts";
import type { AccountId, MailboxId, MessageId, RequestId } from "../../domain/ids.ts";
import { View } from "./view.ts";
import { highest, type SequenceSet } from "./wire/types.ts";

const inbox = "a".repeat(24) as MailboxId;
const other = "b".repeat(24) as MailboxId;
const account = "c".repeat(24) as AccountId;

function opened(uids: readonly number[], seq = 10): OpenedMailbox {
  return {
    ok: true,
    seq,
    mailbox: {
      id: inbox,
      path: "INBOX",
      specialUse: null,
      subscribed: true,
      uidValidity: 7,
      uidNext: (uids.at(-1) ?? 0) + 1,
      highestModSeq: seq,
      messages: uids.length,
      unseen: 0,
      deleted: 0,
      size: 0,
      recent: 0,
    },
    uids: runsOf(uids),
    firstUnseen: null,
    recent: [],
    keywords: [],
  };
}

function announcement(seq: number, events: readonly AccountEvent[], request = "other"): Announcement {
  return { account, seq, at: 0, transactions: [{ request: request as RequestId, events }] };
}

const appended = (uid: number): AccountEvent => ({
  kind: "appended",
  mailbox: inbox,
  uid,
  message: "d".repeat(24) as MessageId,
  size: 1,
  internalDate: 0,
  flags: [],
  content: [],
});
const expunged = (...uids: number[]): AccountEvent => ({ kind: "expunged", mailbox: inbox, uids: runsOf(uids) });
const flagged = (...uids: number[]): AccountEvent => ({
  kind: "flagsChanged",
  mailbox: inbox,
  uids: runsOf(uids),
  change: "add",
  flags: ["\\Seen"],
});
const set = (...pairs: number[]): SequenceSet => pairs as readonly number[] as SequenceSet;
const list = (runs: UidRuns | null): number[] => (runs === null ? [-1] : [...eachUid(runs)]);

describe("View", () => {
  test("resolve maps sequence numbers to UIDs, and refuses those above the number of messages", () => {
    const view = new View(opened([2, 3, 7, 9]), true);
    expect(list(view.resolve(set(2, 3), "sequence"))).toEqual([3, 7]);
    expect(list(view.resolve(set(3, highest), "sequence"))).toEqual([7, 9]);
    expect(view.resolve(set(4, 5), "sequence")).toBeNull();
    expect(list(view.resolve(set(100, highest), "uid"))).toEqual([9]);
    expect(list(view.resolve(set(1, 8), "uid"))).toEqual([2, 3, 7]);
  });

  test("resolve takes `*` in an empty mailbox as nothing, numbers as an error", () => {
    const view = new View(opened([]), true);
    expect(view.resolve(set(1, highest), "sequence")).toEqual([]);
    expect(view.resolve(set(1, 1), "sequence")).toBeNull();
    expect(view.resolve(set(1, highest), "uid")).toEqual([]);
  });

  test("what is expunged keeps its number until it is told", () => {
    const view = new View(opened([1, 2, 3]), true);
    view.fold(announcement(11, [expunged(2)]), null);
    expect(view.count).toBe(3);
    expect(view.misses([2, 2])).toBe(true);
    expect(list(view.resolve(set(3, 3), "sequence"))).toEqual([3]);
    expect(view.takeVanished()).toEqual({ uids: [2, 2], sequences: [2, 2] });
    expect(list(view.resolve(set(2, 2), "sequence"))).toEqual([3]);
  });

  test("what came and went before it was told is never told", () => {
    const view = new View(opened([1]), true);
    view.fold(announcement(11, [appended(2)]), null);
    view.fold(announcement(12, [flagged(2)]), null);
    view.fold(announcement(13, [expunged(2)]), null);
    expect(view.news).toBe(false);
  });

  test("flag changes of one's own are not told twice, expunges of one's own are told", () => {
    const view = new View(opened([1, 2]), true);
    view.fold(announcement(11, [flagged(1)], "mine"), "mine");
    expect(view.news).toBe(false);
    expect(view.highestModSeq).toBe(11);
    view.fold(announcement(12, [expunged(1)], "mine"), "mine");
    expect(view.takeVanished().uids).toEqual([1, 1]);
  });

  test("entries already seen when the mailbox was opened change nothing", () => {
    const view = new View(opened([1, 2], 10), true);
    view.fold(announcement(9, [expunged(1)]), null);
    view.fold(announcement(10, [appended(3)]), null);
    expect(view.news).toBe(false);
  });

  test("changes of other mailboxes are no news", () => {
    const view = new View(opened([1]), true);
    const events: AccountEvent[] = [{ kind: "expunged", mailbox: other, uids: [1, 1] }];
    view.fold(announcement(11, events), null);
    expect(view.news).toBe(false);
    expect(view.highestModSeq).toBe(10);
  });

  test("a move into another mailbox is a loss, a move from there a gain", () => {
    const view = new View(opened([1, 2, 3]), true);
    view.fold(announcement(11, [{ kind: "moved", mailbox: inbox, uids: [1, 2], to: other, firstUid: 40 }]), null);
    view.fold(announcement(12, [{ kind: "moved", mailbox: other, uids: [5, 6], to: inbox, firstUid: 4 }]), null);
    expect(view.takeVanished().uids).toEqual([1, 2]);
    expect(view.takeArrived(view.arrivedUpTo, runOf(1, view.arrivedUpTo))).toBe(true);
    expect(list(view.known)).toEqual([3, 4, 5]);
    expect(list(view.recent)).toEqual([4, 5]);
  });

  test("a deleted mailbox is gone, a renamed one has its new name", () => {
    const view = new View(opened([1]), true);
    view.fold(announcement(11, [{ kind: "mailboxRenamed", mailbox: inbox, path: "Old" }]), null);
    expect(view.path).toBe("Old");
    view.fold(announcement(12, [{ kind: "mailboxDeleted", mailbox: inbox }]), null);
    expect(view.gone).toBe(true);
  });

  test("a missing entry makes the view ask for everything since what it has told", () => {
    const view = new View(opened([1, 2, 3]), true);
    view.fold(announcement(11, [flagged(1)]), null);
    view.fold(announcement(14, [flagged(2)]), null);
    expect(view.behind).toBe(true);
    expect(view.resyncing()).toBe(10);
    // Announced while the truth is asked for, one of it part of the answer already
    view.fold(announcement(15, [appended(4)]), null);
    view.fold(announcement(16, [expunged(4), appended(5)]), null);
    view.resynced({ seq: 15, present: [1, 2, 4, 4], vanished: [3, 3], highestModSeq: 15 });
    expect(view.behind).toBe(false);
    expect(view.takeChanged()).toEqual([1, 2]);
    expect(view.takeVanished().uids).toEqual([3, 3]);
    expect(view.takeArrived(view.arrivedUpTo, runOf(1, view.arrivedUpTo))).toBe(true);
    expect(list(view.known)).toEqual([1, 2, 5]);
  });

  test("a truth that cannot be had leaves the view behind, and the next question begins no later", () => {
    const view = new View(opened([1]), true);
    view.lag();
    expect(view.resyncing()).toBe(10);
    view.resynced(null);
    expect(view.behind).toBe(true);
    expect(view.resyncing()).toBe(10);
  });

  test("news that would grow without bound is dropped and asked for", () => {
    const uids = Array.from({ length: 10_000 }, (_, at) => at + 1);
    const view = new View(opened(uids), true);
    view.fold(announcement(11, [expunged(...uids.filter((uid) => uid % 2 === 0))]), null);
    expect(view.behind).toBe(true);
    expect(view.resyncing()).toBe(10);
  });
});

/** The same memory as a plain list of UIDs, for comparison. */
class NaiveView {
  told: number[];
  actual: number[];

  constructor(uids: number[]) {
    this.told = [...uids];
    this.actual = [...uids];
  }
}

type Move =
  | { kind: "append"; count: number }
  | { kind: "expunge"; picks: number[] }
  | { kind: "flags"; picks: number[] }
  | { kind: "tell"; expunges: "hold" | "release" }
  | { kind: "lose" };

const picks = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 });
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("expunge" as const), picks }),
  fc.record({ kind: fc.constant("flags" as const), picks }),
  fc.record({ kind: fc.constant("tell" as const), expunges: fc.constantFrom("hold" as const, "release" as const) }),
  fc.record({ kind: fc.constant("lose" as const) }),
);

test("a client that believes what it is told ends up with what there is, and is told of every change", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), fc.array(move), (start, moves) => {
      const first = start.sort((a, b) => a - b);
      const view = new View(opened(first), true);
      const naive = new NaiveView(first);
      const dirty = new Set<number>();
      const history: { seq: number; touched: Set<number>; gone: Set<number> }[] = [];
      let next = 41;
      let seq = 10;
      let losing = false;
      const last: Move = { kind: "tell", expunges: "release" };
      for (const one of [...moves, last]) {
        const pick = (numbers: readonly number[]) =>
          naive.actual.length === 0 ? [] : [...new Set(numbers.map((n) => naive.actual[n % naive.actual.length]!))];
        if (one.kind === "lose") {
          losing = true;
          continue;
        }
        if (one.kind === "tell") {
          if (losing) view.lag();
          losing = false;
          if (view.behind) {
            const since = view.resyncing();
            const later = history.filter((entry) => entry.seq > since);
            const present = naive.actual.filter((uid) => later.some(({ touched }) => touched.has(uid)));
            const vanished = view.known.length === 0 ? [] : later.flatMap(({ gone }) => [...gone]);
            view.resynced({ seq, present: runsOf(present), vanished: runsOf(vanished), highestModSeq: seq });
          }
          for (const uid of eachUid(view.takeChanged())) dirty.delete(uid);
          if (one.expunges === "release") {
            const { uids, sequences } = view.takeVanished();
            const gone = [...eachUid(sequences)].reverse().map((sequence) => naive.told.splice(sequence - 1, 1)[0]!);
            expect(gone.reverse()).toEqual([...eachUid(uids)]);
            for (const uid of gone) dirty.delete(uid);
          }
          const before = naive.told.length;
          if (view.takeArrived(view.arrivedUpTo, runOf(1, view.arrivedUpTo))) {
            const fresh = naive.actual.filter((uid) => uid > (naive.told.at(-1) ?? 0));
            naive.told.push(...fresh);
            expect(naive.told.length).toBeGreaterThan(before);
            // What is new to the client is read with its flags.
            for (const uid of fresh) dirty.delete(uid);
          }
          expect(view.count).toBe(naive.told.length);
          expect<number[]>([...eachUid(view.known)]).toEqual(naive.told);
          continue;
        }
        seq++;
        const entry = { seq, touched: new Set<number>(), gone: new Set<number>() };
        history.push(entry);
        const events: AccountEvent[] = [];
        if (one.kind === "append") {
          for (let n = 0; n < one.count; n++) {
            naive.actual.push(next);
            entry.touched.add(next);
            events.push(appended(next++));
          }
        } else {
          const uids = pick(one.picks);
          if (one.kind === "expunge") {
            naive.actual = naive.actual.filter((uid) => !uids.includes(uid));
            for (const uid of uids) entry.gone.add(uid);
            if (uids.length > 0) events.push(expunged(...uids));
          } else if (uids.length > 0) {
            for (const uid of uids) {
              entry.touched.add(uid);
              dirty.add(uid);
            }
            events.push(flagged(...uids));
          }
        }
        if (!losing) view.fold(announcement(seq, events), null);
      }
      expect(naive.told).toEqual(naive.actual);
      expect([...dirty].filter((uid) => naive.actual.includes(uid))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
