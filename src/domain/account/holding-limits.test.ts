import { describe, expect, test } from "bun:test";
import type { AccountId } from "../ids.ts";
import { type Account, emptyAccount, mailboxAt, messageCount } from "./account.ts";
import type { AccountCommand } from "./commands.ts";
import { decide } from "./decide.ts";
import { departedCount } from "./departed-mail.ts";
import { checksumFromScratch, evolve, evolving } from "./evolve.ts";
import { freshId, opening } from "./history.testing.ts";
import { type HoldingLimits, noHoldingLimits } from "./holding-limits.ts";
import { runOf } from "./uid-runs.ts";

const everything = runOf(1, 0xffff_ffff);
const limits: HoldingLimits = { mailboxMessages: 10, accountMessages: 15 };

/** An account that takes commands under limits, and remembers what it said to the last one. */
class Scene {
  account: Account = emptyAccount("0123456789abcdef01234567" as AccountId);
  limits: HoldingLimits = limits;

  constructor() {
    this.does(opening());
    this.does({ kind: "createMailbox", path: "A", ids: [freshId()], at: 0 } as never);
    this.does({ kind: "createMailbox", path: "B", ids: [freshId()], at: 0 } as never);
  }

  /** "done", or the kind of the refusal. */
  does(command: AccountCommand): string {
    const ruling = decide(this.account, command, this.limits);
    if (ruling.verdict === "refused") return ruling.refusal.kind;
    const seq = this.account.seq + 1;
    const next = ruling.events.reduce((state, event) => evolve(state, event, seq), this.account);
    this.account = { ...next, seq };
    return "done";
  }

  append(path: string, count = 1): string {
    let said = "done";
    for (let at = 0; at < count && said === "done"; at++) {
      const content = [{ kind: "blob", blob: "b", size: 100 }] as never;
      said = this.does({ kind: "append", mailbox: { path }, message: freshId(), flags: [], internalDate: 0, content });
    }
    return said;
  }

  copy(from: string, to: string, uids = everything): string {
    return this.does({ kind: "copy", mailbox: { path: from }, to: { path: to }, uids });
  }

  counts(): readonly number[] {
    return ["INBOX", "A", "B"].map((path) => mailboxAt(this.account, path)!.messages);
  }
}

describe("a mailbox holds as many messages as it may", () => {
  test("an arrival beyond that is refused, and changes nothing", () => {
    const scene = new Scene();
    expect(scene.append("A", 10)).toBe("done");
    const before = scene.account;
    expect(scene.append("A")).toBe("tooManyMessages");
    expect(scene.account).toBe(before);
    expect(scene.append("B")).toBe("done");
  });

  test("a copy is made whole or not at all", () => {
    const scene = new Scene();
    scene.append("INBOX", 4);
    scene.append("A", 7);
    expect(scene.copy("INBOX", "A")).toBe("tooManyMessages");
    expect(scene.copy("INBOX", "A", runOf(2, 4))).toBe("done");
    expect(scene.counts()).toEqual([4, 10, 0]);
  });

  test("copies of a mailbox into itself end", () => {
    const scene = new Scene();
    scene.append("A", 3);
    expect(scene.copy("A", "A")).toBe("done");
    expect(scene.copy("A", "A")).toBe("tooManyMessages");
    expect(scene.counts()).toEqual([0, 6, 0]);
  });
});

describe("an account holds as many messages as it may", () => {
  test("in all of its mailboxes together", () => {
    const scene = new Scene();
    scene.append("A", 10);
    scene.append("B", 5);
    expect(scene.append("INBOX")).toBe("tooManyMessages");
    expect(scene.copy("B", "INBOX", runOf(1))).toBe("tooManyMessages");
  });

  test("a move makes it no larger; one within a full mailbox makes that no larger", () => {
    const scene = new Scene();
    scene.append("A", 10);
    scene.append("B", 5);
    const move = (from: string, to: string) =>
      scene.does({ kind: "move", mailbox: { path: from }, to: { path: to }, uids: everything });
    expect(move("B", "INBOX")).toBe("done");
    expect(move("A", "A")).toBe("done");
    expect(move("INBOX", "A")).toBe("tooManyMessages");
    expect(scene.counts()).toEqual([5, 10, 0]);
  });

  test("what it holds already stays readable where the limit has become lower, and may go", () => {
    const scene = new Scene();
    scene.append("A", 10);
    scene.limits = { mailboxMessages: 2, accountMessages: 2 };
    expect(scene.append("A")).toBe("tooManyMessages");
    const flag = { kind: "changeFlags", mailbox: { path: "A" }, uids: everything, change: "add", flags: ["\\Seen"] };
    expect(scene.does(flag as never)).toBe("done");
    expect(scene.does({ kind: "expunge", mailbox: { path: "A" }, uids: "all", which: "any" })).toBe("done");
    expect(messageCount(scene.account)).toBe(0);
  });

  test("what departed cannot be brought back where there is no room", () => {
    const scene = new Scene();
    scene.append("A", 10);
    const from = mailboxAt(scene.account, "A")!.id;
    scene.does({ kind: "expunge", mailbox: { path: "A" }, uids: "all", which: "any" });
    scene.append("B", 10);
    const restore = (to: string) => scene.does({ kind: "restore", from, uids: "all", to: { path: to } });
    expect(restore("A")).toBe("tooManyMessages");
    expect(departedCount(scene.account.departed)).toBe(10);
  });
});

test("of what departed no more is kept than the account may hold beside the last: the oldest is forgotten", () => {
  const scene = new Scene();
  const expunge = (path: string) => scene.does({ kind: "expunge", mailbox: { path }, uids: "all", which: "any" });
  scene.append("A", 8);
  expunge("A");
  scene.append("B", 6);
  expunge("B");
  expect(departedCount(scene.account.departed)).toBe(14);
  scene.append("INBOX", 4);
  expect(expunge("INBOX")).toBe("done");
  // The eight of A have made room.
  expect(departedCount(scene.account.departed)).toBe(10);
  expect([...scene.account.departed.mailboxes.keys()]).not.toContain(mailboxAt(scene.account, "A")!.id);
  scene.append("A", 10);
  expect(scene.does({ kind: "deleteMailbox", mailbox: { path: "A" } })).toBe("done");
  expect(departedCount(scene.account.departed)).toBe(14);
});

test("a change of messages in more runs than go into a log entry is refused", () => {
  const scene = new Scene();
  scene.limits = noHoldingLimits;
  scene.append("A", 1);
  for (let doubled = 0; doubled < 20; doubled++) scene.copy("A", "A");
  const odd: number[] = [];
  for (let uid = 1; uid < 820_000; uid += 2) odd.push(uid, uid);
  expect(scene.copy("A", "B", odd)).toBe("tooScattered");
  const flags = ["\\Seen"] as const;
  const command = { mailbox: { path: "A" }, uids: odd } as const;
  expect(scene.does({ kind: "changeFlags", ...command, change: "add", flags })).toBe("tooScattered");
  expect(scene.does({ kind: "expunge", ...command, which: "any" })).toBe("tooScattered");
  expect(scene.copy("A", "B", odd.slice(0, 780_000))).toBe("done");
});

test("a change of many messages comes in small steps, and to the same", () => {
  const scene = new Scene();
  scene.limits = noHoldingLimits;
  scene.append("A", 1);
  for (let doubled = 0; doubled < 15; doubled++) scene.copy("A", "A");
  const { id } = mailboxAt(scene.account, "A")!;
  const to = mailboxAt(scene.account, "B")!.id;
  const seq = scene.account.seq + 1;
  for (const event of [
    { kind: "copied", mailbox: id, uids: everything, to, firstUid: 1 },
    { kind: "moved", mailbox: id, uids: everything, to, firstUid: 1 },
    { kind: "flagsChanged", mailbox: id, uids: everything, change: "add", flags: ["\\Flagged", "k"] },
    { kind: "expunged", mailbox: id, uids: everything },
    { kind: "mailboxDeleted", mailbox: id },
  ] as const) {
    let steps = 0;
    const work = evolving(scene.account, event, seq);
    let step = work.next();
    for (; !step.done; step = work.next()) steps++;
    expect([event.kind, steps >= 32]).toEqual([event.kind, true]);
    const checksum = checksumFromScratch(step.value as Account);
    expect(checksum).toEqual((step.value as Account).checksum);
  }
});
