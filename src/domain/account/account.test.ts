import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { AccountId, Uid } from "../ids.ts";
import { type Account, emptyAccount } from "./account.ts";
import { printChecksum } from "./checksum.ts";
import type { AccountCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { eachDeparted } from "./departed-mail.ts";
import type { AccountEvent } from "./events.ts";
import { checksumFromScratch, evolve } from "./evolve.ts";
import { keywordShift, systemFlagNames, systemMask } from "./flags.ts";
import { anyCommand, bound, freshId, opening } from "./history.testing.ts";
import { noHoldingLimits } from "./holding-limits.ts";
import { idText } from "./message-ids.ts";
import { NaiveAccount, type NaiveMailbox } from "./naive-account.testing.ts";
import { allUids, eachRow, firstUnseenUid } from "./rows.ts";
import { PartNames, packAccount, unpackAccount } from "./snapshot.ts";
import { absentUids, buriedSince, tombstoneCapacity } from "./tombstones.ts";
import { eachUid, hasUid } from "./uid-runs.ts";

const id = "0123456789abcdef01234567" as AccountId;

/** Decides and, where accepted, applies; as the actor does it, but without a log. */
function step(account: Account, command: AccountCommand): { account: Account; events: readonly AccountEvent[] | null } {
  const ruling = decide(account, command, noHoldingLimits);
  if (ruling.verdict === "refused") return { account, events: null };
  if (ruling.events.length === 0) return { account, events: [] };
  const seq = account.seq + 1;
  const next = ruling.events.reduce((state, event) => evolve(state, event, seq), account);
  return { account: { ...next, seq }, events: ruling.events };
}

/** Everything a reader could see of an account, without chunks and tables. */
function visible(account: Account) {
  return {
    seq: account.seq,
    quota: account.quota,
    used: account.used,
    subscriptions: [...account.subscriptions].sort(),
    mailboxes: [...account.mailboxes.values()]
      .map((mailbox) => {
        const messages: object[] = [];
        eachRow(mailbox, [1, 0xffffffff], ({ fixed, marks }, at) => {
          const word = marks.flags[at]!;
          messages.push({
            uid: fixed.uid[at],
            modseq: marks.modseq[at],
            created: fixed.created[at],
            flags: [...systemFlagNames(word & systemMask), ...account.keywords.keywords(word >>> keywordShift)]
              .map((flag) => flag.toLowerCase())
              .sort(),
            size: fixed.size[at],
            id: idText(fixed.message, at * 12),
            date: fixed.date[at],
          });
        });
        const { id: mailboxId, path, specialUse, uidNext, highestModSeq } = mailbox;
        return { id: mailboxId as string, path, specialUse, uidNext, highestModSeq, messages };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    departed: departedOf(account),
  };
}

/** What departed, mailbox by mailbox, in the order it went. */
function departedOf(account: Account) {
  const departed: object[] = [];
  for (const mailbox of [...account.departed.mailboxes.keys()].sort()) {
    eachDeparted(account.departed, mailbox, ({ fixed, marks }, at) => {
      const word = marks.flags[at]!;
      departed.push({
        from: mailbox as string,
        seq: marks.modseq[at],
        id: idText(fixed.message, at * 12),
        uid: fixed.uid[at],
        flags: [...systemFlagNames(word & systemMask), ...account.keywords.keywords(word >>> keywordShift)]
          .map((flag) => flag.toLowerCase())
          .sort(),
        size: fixed.size[at],
        date: fixed.date[at],
      });
    });
  }
  return departed;
}

function visibleNaive(naive: NaiveAccount) {
  return {
    seq: naive.seq,
    quota: naive.quota,
    used: naive.used,
    subscriptions: [...naive.subscriptions].sort(),
    mailboxes: naive.mailboxes
      .map(({ id: mailboxId, path, specialUse, uidNext, changed, messages }: NaiveMailbox) => ({
        id: mailboxId,
        path,
        specialUse,
        uidNext,
        highestModSeq: changed,
        messages: messages.map((message) => ({ ...message, flags: [...message.flags].sort() })),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    departed: naive.departed
      .map(({ from, seq, message: { id: messageId, uid, flags, size, date } }) => {
        return { from, seq, id: messageId, uid, flags: [...flags].sort(), size, date };
      })
      .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0)),
  };
}

/** What must hold in every state, whatever led there. */
function checkInvariants(account: Account, naive: NaiveAccount): void {
  expect(printChecksum(checksumFromScratch(account))).toBe(printChecksum(account.checksum));
  for (const mailbox of account.mailboxes.values()) {
    const uids = [...eachUid(allUids(mailbox))];
    // RFC 7162 §3.1: a mod-sequence is never 0, not even of a mailbox that nothing has happened in.
    expect(mailbox.highestModSeq).toBeGreaterThan(0);
    let before = 0;
    let unseen = 0;
    let deleted = 0;
    let size = 0;
    for (const chunk of mailbox.chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      for (let at = 0; at < chunk.length; at++) {
        expect(chunk.fixed.uid[at]!).toBeGreaterThan(before);
        before = chunk.fixed.uid[at]!;
        if (!(chunk.marks.flags[at]! & 1)) unseen++;
        if (chunk.marks.flags[at]! & 8) deleted++;
        size += chunk.fixed.size[at]!;
      }
    }
    expect(before).toBeLessThan(mailbox.uidNext);
    expect({ unseen, deleted, size, messages: uids.length }).toEqual({
      unseen: mailbox.unseen,
      deleted: mailbox.deleted,
      size: mailbox.size,
      messages: mailbox.messages,
    });
    const model = naive.find({ id: mailbox.id })!;
    expect(firstUnseenUid(mailbox)).toBe(model.messages.find(({ flags }) => !flags.has("\\seen"))?.uid ?? null);
    for (const since of [0, Math.floor(account.seq / 2), account.seq]) {
      const buried = buriedSince(mailbox.tombstones, since);
      expect(buried && [...eachUid(buried)]).toEqual(
        model.gone
          .filter(({ seq }) => seq > since)
          .map(({ uid }) => uid as Uid)
          .sort((a, b) => a - b),
      );
    }
  }
}

function runHistory(commands: readonly AccountCommand[]): void {
  const naive = new NaiveAccount();
  let account = emptyAccount(id);
  const log: { seq: number; events: readonly AccountEvent[] }[] = [];
  for (const drawn of commands) {
    const command = bound(drawn, account);
    const before = account;
    const expected = naive.run(command);
    const { account: after, events } = step(account, command);
    const became: boolean | "nothing" = events === null ? false : events.length === 0 ? "nothing" : true;
    expect(String(became)).toBe(String(expected));
    if (expected !== true) expect(after === before).toBe(true);
    else log.push({ seq: after.seq, events: events! });
    account = after;
  }
  expect<object>(visible(account)).toEqual(visibleNaive(naive));
  checkInvariants(account, naive);
  // The state is the replay of its log.
  let replayed = emptyAccount(id);
  for (const { seq, events } of log) {
    replayed = { ...events.reduce((state, event) => evolve(state, event, seq), replayed), seq };
  }
  expect(printChecksum(replayed.checksum)).toBe(printChecksum(account.checksum));
  expect(visible(replayed)).toEqual(visible(account));
  // And a snapshot of it is it.
  const packed = packAccount(account, new PartNames(), "t");
  const unpacked = unpackAccount(packed.head, packed.parts, new PartNames());
  expect(printChecksum(checksumFromScratch(unpacked))).toBe(printChecksum(account.checksum));
  expect(visible(unpacked)).toEqual(visible(account));
}

const histories = Number(process.env.EIDER_HISTORIES ?? 10_000);

describe("account", () => {
  test(`agrees with the naive model over ${histories} histories`, () => {
    fc.assert(
      fc.property(fc.array(anyCommand(8), { minLength: 1, maxLength: 24 }), (commands) =>
        runHistory([opening(), ...commands]),
      ),
      { numRuns: histories },
    );
  }, 120_000);

  test("agrees with the naive model in mailboxes of thousands", () => {
    const many = (count: number): AccountCommand[] =>
      Array.from({ length: count }, () => ({
        kind: "append",
        mailbox: { path: "INBOX" },
        flags: [],
        internalDate: 0,
        message: freshId(),
        content: [{ kind: "inline", index: 0, size: 7 }],
      }));
    fc.assert(
      fc.property(
        fc.integer({ min: 900, max: 2600 }),
        fc.array(anyCommand(2600), { maxLength: 12 }),
        (count, commands) => runHistory([opening(), ...many(count), ...commands]),
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  test("a state is a value: what becomes of it changes nothing in it", () => {
    fc.assert(
      fc.property(
        fc.array(anyCommand(8), { maxLength: 15 }),
        fc.array(anyCommand(8), { maxLength: 6 }),
        fc.array(anyCommand(8), { maxLength: 6 }),
        (past, one, other) => {
          const follow = (from: Account, commands: readonly AccountCommand[]) =>
            commands.reduce((account, command) => step(account, bound(command, account)).account, from);
          const start = follow(step(emptyAccount(id), opening()).account, past);
          const before = visible(start);
          const first = follow(start, one);
          const firstSeen = visible(first);
          follow(start, other);
          expect(visible(start)).toEqual(before);
          expect(visible(first)).toEqual(firstSeen);
          expect(printChecksum(checksumFromScratch(first))).toBe(printChecksum(first.checksum));
        },
      ),
      { numRuns: 1000 },
    );
  }, 60_000);

  test("UIDVALIDITY is never given twice, not even within a second", () => {
    let account = step(emptyAccount(id), opening()).account;
    const given = new Set([...account.mailboxes.values()].map(({ uidValidity }) => uidValidity));
    for (let round = 0; round < 20; round++) {
      const at = 1_700_000_000_000;
      account = step(account, { kind: "createMailbox", path: "A", ids: [freshId()], at }).account;
      const made = account.mailboxes.get(account.paths.get("A")!)!;
      expect(given.has(made.uidValidity)).toBe(false);
      given.add(made.uidValidity);
      account = step(account, { kind: "deleteMailbox", mailbox: { path: "A" } }).account;
    }
  });

  test("tombstones beyond what is kept are said to be forgotten, and absent UIDs stand in", () => {
    let account = step(emptyAccount(id), opening()).account;
    const inbox = () => account.mailboxes.get(account.paths.get("INBOX")!)!;
    const rounds = tombstoneCapacity + 10;
    for (let round = 0; round < rounds; round++) {
      account = {
        ...evolve(
          evolve(
            account,
            {
              kind: "appended",
              mailbox: inbox().id,
              uid: inbox().uidNext,
              message: freshId(),
              size: 1,
              internalDate: 0,
              flags: [],
              content: [],
            },
            account.seq + 1,
          ),
          { kind: "expunged", mailbox: inbox().id, uids: [inbox().uidNext, inbox().uidNext] },
          account.seq + 1,
        ),
        seq: account.seq + 1,
      };
    }
    expect(buriedSince(inbox().tombstones, 1)).toBeNull();
    const recent = buriedSince(inbox().tombstones, account.seq - 5)!;
    expect([...eachUid(recent)]).toHaveLength(5);
    expect(hasUid(absentUids(allUids(inbox()), inbox().uidNext), 3 as never)).toBe(true);
  });
});
