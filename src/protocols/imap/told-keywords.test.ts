import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";
import type { ChangeCommand } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";
import { ToldKeywords } from "./told-keywords.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

function append(path: string, ...flags: string[]): ChangeCommand {
  const source = { kind: "bytes", bytes: Buffer.from("Subject: x\r\n\r\nx\r\n") } as const;
  return { kind: "append", mailbox: { path }, flags, source };
}

/** Throws where a keyword is shown before FLAGS and PERMANENTFLAGS have told it; `told` is what they told so far. */
function checkOrder(lines: readonly string[], told: { flags: string[]; permanent: string[] }): void {
  for (const line of lines) {
    const [, flags] = /^\* FLAGS \((.*)\)$/.exec(line) ?? [];
    if (flags !== undefined) told.flags = flags.split(" ");
    const [, permanent] = /^\* OK \[PERMANENTFLAGS \((.*)\)\]/.exec(line) ?? [];
    if (permanent !== undefined) told.permanent = permanent.split(" ");
    const [, shown] = /^\* \d+ FETCH .*FLAGS \(([^)]*)\)/.exec(line) ?? [];
    for (const flag of shown?.split(" ") ?? []) {
      if (flag === "" || flag.startsWith("\\")) continue;
      if (!told.flags.includes(flag) || !told.permanent.includes(flag)) throw new Error(`${line} before its FLAGS`);
    }
  }
}

const mailbox = { path: "INBOX" };
const work = { path: "Work" };
const arrivals: Record<string, (account: AccountId) => Promise<void>> = {
  "APPEND, or delivery": async (account) => stage.change(account, append("INBOX", "Fresh")),
  COPY: async (account) => {
    await stage.change(account, append("Work", "Fresh"));
    await stage.change(account, { kind: "copy", mailbox: work, uids: [1, 1], to: mailbox });
  },
  MOVE: async (account) => {
    await stage.change(account, append("Work", "Fresh"));
    await stage.change(account, { kind: "move", mailbox: work, uids: [1, 1], to: mailbox });
  },
  STORE: async (account) =>
    stage.change(account, { kind: "changeFlags", mailbox, uids: [1, 1], change: "add", flags: ["Fresh"] }),
};
/** What the client does then: it asks for the flags at once, after it was told of the news, or hears of them. */
const readers: Record<string, readonly string[]> = {
  "FETCH FLAGS": ["UID FETCH 1:* (FLAGS)"],
  "NOOP and FETCH FLAGS": ["NOOP", "FETCH 1:* (FLAGS)"],
  "NOOP and FETCH of content": ["NOOP", "FETCH 1:* (FLAGS BODY.PEEK[])"],
  "NOOP and FETCH that marks as seen": ["NOOP", "FETCH 1:* (BODY[TEXT])"],
  "NOOP and STORE": ["NOOP", "STORE 1:* +FLAGS (\\Flagged)"],
};

describe("FLAGS and PERMANENTFLAGS come before anything that shows a new keyword", () => {
  for (const [arrival, happens] of Object.entries(arrivals)) {
    for (const [reader, commands] of Object.entries(readers)) {
      test(`that came by ${arrival} in another session: ${reader}`, async () => {
        const { account, name } = await stage.newUser();
        await stage.change(account, { kind: "createMailbox", path: "Work" });
        await stage.change(account, append("INBOX"));
        const client = await ImapClient.connect(stage);
        await client.ok(`LOGIN ${name} secret`);
        const told = { flags: [], permanent: [] };
        checkOrder((await client.ok("SELECT INBOX")).lines, told);
        await happens(account);
        const lines: string[] = [];
        for (const command of commands) lines.push(...(await client.ok(command)).lines);
        checkOrder(lines, told);
        lines.push(...(await client.ok("FETCH 1:* (FLAGS)")).lines);
        expect(lines.filter((line) => line.startsWith("* FLAGS"))).toHaveLength(1);
        expect(lines.some((line) => /FETCH .*Fresh/.test(line))).toBe(true);
        client.close();
      });
    }
  }

  test("also in IDLE, before EXISTS", async () => {
    const { account, name } = await stage.newUser();
    const client = await ImapClient.inInbox(stage, name);
    client.wire.say("i IDLE\r\n");
    expect(await client.wire.hear()).toBe("+ idling");
    await stage.change(account, append("INBOX", "Fresh", "Other"));
    const heard = [];
    for (let line = 0; line < 3; line++) heard.push(await client.wire.hear());
    expect(heard).toEqual([
      "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Fresh Other)",
      "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Fresh Other \\*)] Flags that can be changed",
      "* 1 EXISTS",
    ]);
    client.close();
  });

  test("a session's own .SILENT change of flags brings a new keyword too", async () => {
    const { account, name } = await stage.newUser();
    await stage.change(account, append("INBOX"));
    const client = await ImapClient.inInbox(stage, name);
    expect((await client.ok("STORE 1 +FLAGS.SILENT (Fresh)")).lines).toEqual([
      "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Fresh)",
      "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Fresh \\*)] Flags that can be changed",
    ]);
    expect((await client.ok("STORE 1 -FLAGS.SILENT (fresh)")).lines).toEqual([]);
    client.close();
  });
});

describe("ToldKeywords", () => {
  test("tells each keyword once, whatever its letter case, and system flags never", () => {
    const keywords = new ToldKeywords(["Known"]);
    keywords.learn(["\\Seen", "KNOWN", "Fresh", "fresh"]);
    expect(keywords.told).toEqual(["Known"]);
    expect(keywords.take()).toBe(true);
    expect(keywords.told).toEqual(["Known", "Fresh"]);
    expect(keywords.take()).toBe(false);
  });

  test("looks at a set of the account once", () => {
    const keywords = new ToldKeywords([]);
    const sets = [[], ["One"]];
    keywords.learnSets(sets);
    sets[1] = ["not looked at again"];
    keywords.learnSets([...sets, ["One", "Two"]]);
    keywords.take();
    expect(keywords.told).toEqual(["One", "Two"]);
  });
});
