import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AccountId, MailboxId } from "../../domain/ids.ts";
import type { Hints } from "../../store/hints.ts";
import { LocalHints } from "../../store/local/hints.ts";
import { realClock } from "../runtime/clock.ts";
import { Claims, packClaim, unpackClaim } from "./claims.ts";
import { unpackHint } from "./entry-hint.ts";
import { newAccount, shardsOnFailingStores, type TestShard } from "./shard.testing.ts";

const { node, begin, closeAll, end } = shardsOnFailingStores();
beforeEach(() => void begin());
afterEach(end);

/** How many messages of INBOX are recent, as STATUS would say. */
async function recent({ shard }: TestShard, account: AccountId): Promise<number> {
  const list = await shard.ask(account, { kind: "mailboxes" });
  if (!list.ok) throw new Error(JSON.stringify(list));
  return list.mailboxes[0]!.recent;
}

async function inboxOf({ shard }: TestShard, account: AccountId): Promise<MailboxId> {
  const list = await shard.ask(account, { kind: "mailboxes" });
  if (!list.ok) throw new Error(JSON.stringify(list));
  return list.mailboxes[0]!.id;
}

const select = { kind: "openMailbox", mailbox: { path: "INBOX" }, claimRecent: true } as const;
const examine = { ...select, claimRecent: false } as const;

describe("a message is recent to one", () => {
  test("of two that open the mailbox at once, and of two that are told of it at once", async () => {
    const one = node();
    const account = newAccount();
    await one.open(account);
    await one.deliver(account, "first");
    const opened = await Promise.all([one.shard.ask(account, select), one.shard.ask(account, select)]);
    expect(opened.map((each) => each.ok && each.recent)).toEqual([[1, 1], []]);
    await one.deliver(account, "second");
    const claim = { kind: "claimRecent", mailbox: await inboxOf(one, account), upTo: 2 } as const;
    const told = await Promise.all([one.shard.ask(account, claim), one.shard.ask(account, claim)]);
    expect(told).toEqual([
      { ok: true, recent: [2, 2] },
      { ok: true, recent: [] },
    ]);
    expect(await recent(one, account)).toBe(0);
  });

  test("who opens it to read only takes nothing away", async () => {
    const one = node();
    const account = newAccount();
    await one.open(account);
    await one.deliver(account, "first");
    await one.shard.ask(account, examine);
    expect(await recent(one, account)).toBe(1);
    expect(await one.shard.ask(account, select)).toMatchObject({ recent: [1, 1] });
  });

  test("after a restart, although nothing has changed since the snapshot", async () => {
    const account = newAccount();
    let one = node();
    await one.open(account);
    await one.deliver(account, "first");
    await closeAll();
    one = node();
    expect(await one.shard.ask(account, select)).toMatchObject({ recent: [1, 1] });
    await closeAll();
    one = node();
    expect(await one.shard.ask(account, select)).toMatchObject({ recent: [] });
  });
});

describe("nodes tell each other", () => {
  let hints: Hints;
  beforeEach(() => {
    hints = new LocalHints(realClock);
  });

  test("those that have the account in memory, and those that will have", async () => {
    const account = newAccount();
    const [one, two] = [node({ hints }), node({ hints })];
    await one.open(account);
    await one.deliver(account, "first");
    expect(await recent(two, account)).toBe(1);
    await one.shard.ask(account, select);
    expect(await recent(two, account)).toBe(0);
    expect(await two.shard.ask(account, select)).toMatchObject({ recent: [] });
    expect(await recent(node({ hints }), account)).toBe(0);
  });
});

describe("claims on the wire", () => {
  const account = "64a000000000000000000001" as AccountId;
  const mailbox = "64a000000000000000000002" as MailboxId;

  test("are read as they were written, and are no log entries", () => {
    const payload = packClaim(account, mailbox, 7);
    expect(unpackClaim(payload)).toEqual({ account, claimed: [mailbox, 7] });
    expect(unpackHint(payload)).toBeNull();
  });

  test("what is none is not taken for one", () => {
    const texts = [
      "",
      "{}",
      "[]}",
      '{"account":1,"claimed":["a",1]}',
      '{"account":"a","claimed":["a",0]}',
      '{"account":"a","claimed":["a",1e99]}',
    ];
    for (const text of texts) expect(unpackClaim(Buffer.from(text))).toBeNull();
  });

  test("only grow", () => {
    const claims = new Claims([[mailbox, 5]]);
    expect(claims.claim(mailbox, 3)).toEqual([]);
    expect(claims.claim(mailbox, 7)).toEqual([6, 7]);
    claims.merge([[mailbox, 4]]);
    expect(claims.of(mailbox)).toBe(7);
  });
});
