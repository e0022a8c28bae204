import { beforeEach, describe, expect, test } from "bun:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import type { AccountId } from "../../domain/ids.ts";
import { LocalHints } from "../../store/local/hints.ts";
import { SessionService } from "./session-service.ts";

const account = "0123456789abcdef01234567" as AccountId;
const minute = 60_000;
const hour = 60 * minute;
const ann = {
  account,
  user: "ann@localhost",
  protocol: "imap",
  remote: "192.0.2.1",
  secure: true,
  limit: 3,
  asked: 0,
  onEnd: (): void => {},
} as const;

describe("sessions over time", () => {
  let clock: ManualClock;
  let hints: LocalHints;
  let made = 0;

  beforeEach(() => {
    clock = new ManualClock();
    hints = new LocalHints(clock);
  });

  /** A node whose refreshes come by `its` clock: one that stands still is a node that died. */
  const nodeNamed = (node: string, its: ManualClock): SessionService =>
    new SessionService({
      hints,
      clock: its,
      node,
      randomHex: (bytes) => (++made).toString(16).padStart(bytes * 2, "0"),
    });

  async function open(service: SessionService) {
    const handle = await service.open(ann);
    if (!handle.ok) throw new Error(handle.why);
    return handle;
  }

  test("who was let in before all of an account's sessions were ended does not stay, on any node", async () => {
    const nodes = [nodeNamed("here", clock), nodeNamed("there", clock)];
    const ended: string[] = [];
    const begin = (node: SessionService, who: string, asked: number) =>
      node.open({ ...ann, limit: 10, asked, onEnd: (reason) => ended.push(`${who}: ${reason}`) });
    const asked = clock.monotonic();
    clock.advance(1000);
    nodes[0]!.endAll(account, "Password changed");
    for (const [at, node] of nodes.entries()) {
      await begin(node, `late ${at}`, asked);
      await node.open({ ...ann, account: "f".repeat(24) as AccountId, asked, onEnd: () => ended.push("another user") });
    }
    expect(ended).toEqual(["late 0: Password changed", "late 1: Password changed"]);
    clock.advance(1000);
    for (const node of nodes) await begin(node, "with the new one", clock.monotonic());
    expect(ended.length).toBe(2);
    for (const node of nodes) node.stop();
  });

  test("a session is listed as long as it lives, much longer than its record would last", async () => {
    const [one, two] = [nodeNamed("one", clock), nodeNamed("two", clock)];
    const began = clock.now();
    const handle = await open(one);
    handle.update({ mailbox: "INBOX", client: "phone 1" });
    clock.advance(25 * hour);
    expect(await two.list({ account })).toEqual([
      {
        id: handle.id,
        account,
        user: "ann@localhost",
        protocol: "imap",
        node: "one",
        remote: "192.0.2.1",
        secure: true,
        mailbox: "INBOX",
        client: "phone 1",
        started: began,
      },
    ]);
    handle.close();
    expect(await two.list({ account })).toEqual([]);
  });

  test("a session that lives counts against its user's limit all the time", async () => {
    const [one, two] = [nodeNamed("one", clock), nodeNamed("two", clock)];
    for (const service of [one, two, one]) await open(service);
    clock.advance(25 * hour);
    expect(await two.open(ann)).toEqual({ ok: false, why: "tooManyConnections", limit: 3 });
  });

  test("those of a node that died count no more after half a minute, and are not listed", async () => {
    const stopped = new ManualClock();
    const [dead, alive] = [nodeNamed("dead", stopped), nodeNamed("alive", clock)];
    for (let n = 0; n < 3; n++) await open(dead);
    stopped.advance(2_000);
    expect((await alive.list({ account })).length).toBe(3);
    expect((await alive.open(ann)).ok).toBe(false);
    const [left] = await alive.list({ account });
    clock.advance(minute / 2);
    expect((await alive.open(ann)).ok).toBe(true);
    expect((await alive.list({ account })).map(({ node }) => node)).toEqual(["alive"]);
    expect((await alive.list({ limit: 1 })).map(({ node }) => node)).toEqual(["alive"]);
    expect(await alive.end(left!.id, "gone")).toBe(false);
  });

  test("a node that begins again under its name has none of the sessions it had", async () => {
    const stopped = new ManualClock();
    const before = nodeNamed("one", stopped);
    for (let n = 0; n < 3; n++) await open(before);
    stopped.advance(2_000);
    clock.advance(minute / 2);
    const after = nodeNamed("one", clock);
    expect(await after.list({ account })).toEqual([]);
    for (let n = 0; n < 3; n++) await open(after);
    expect((await after.open(ann)).ok).toBe(false);
  });
});
