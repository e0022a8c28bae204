import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";
import type { Watcher } from "../../actors/account/requests.ts";
import type { AccountId } from "../../domain/ids.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

async function append(stage: Stage, account: AccountId, count = 1): Promise<void> {
  for (let at = 0; at < count; at++) {
    const source = { kind: "bytes", bytes: Buffer.from(`Subject: ${at}\r\n\r\nx\r\n`) } as const;
    await stage.change(account, { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
  }
}

describe("news that was lost on the way", () => {
  let deaf: Stage;
  let watchers: Set<Watcher>;
  let whileOpening: (account: AccountId) => Promise<void> = async () => {};
  beforeAll(async () => {
    watchers = new Set();
    deaf = await Stage.open({}, ({ accounts }) => ({
      accounts: {
        ask: async (account, request) => {
          const answer = await accounts.ask(account, request);
          if (request.kind === "openMailbox") await whileOpening(account);
          return answer;
        },
        watch: (_account, watcher) => {
          watchers.add(watcher);
          return () => watchers.delete(watcher);
        },
      },
    }));
  });
  afterAll(() => deaf.close());

  test("is asked for: what has gone, what has changed, what is new", async () => {
    const { account, name } = await deaf.newUser();
    await append(deaf, account, 5);
    const client = await ImapClient.inInbox(deaf, name);
    const mailbox = { path: "INBOX" };
    await deaf.change(account, { kind: "expunge", mailbox, uids: [2, 3], which: "any" });
    await deaf.change(account, { kind: "changeFlags", mailbox, uids: [4, 4], change: "add", flags: ["\\Seen"] });
    await append(deaf, account, 2);
    await deaf.change(account, { kind: "expunge", mailbox, uids: [6, 6], which: "any" });
    expect((await client.ok("FETCH 1 (UID)")).lines).toEqual(["* 1 FETCH (UID 1)"]);
    for (const watcher of watchers) watcher.lagged(account);
    // FETCH by number holds what has gone back
    expect((await client.ok("FETCH 1 (UID)")).lines).toEqual([
      "* 1 FETCH (UID 1)",
      "* 6 EXISTS",
      "* 6 RECENT",
      "* 4 FETCH (UID 4 FLAGS (\\Seen \\Recent))",
    ]);
    expect((await client.ok("NOOP")).lines).toEqual(["* 3 EXPUNGE", "* 2 EXPUNGE"]);
    expect((await client.ok("UID SEARCH ALL")).lines).toEqual(["* SEARCH 1 4 5 7"]);
    client.close();
  });

  test("while the mailbox was being opened, too", async () => {
    const { account, name } = await deaf.newUser();
    await append(deaf, account, 2);
    whileOpening = async () => {
      whileOpening = async () => {};
      await append(deaf, account, 1);
      for (const watcher of watchers) watcher.lagged(account);
    };
    const client = await ImapClient.inInbox(deaf, name);
    expect((await client.ok("UID SEARCH ALL")).lines).toEqual(["* SEARCH 1 2 3"]);
    client.close();
  });

  test("reaches a client in IDLE as soon as the gap is known", async () => {
    const { account, name } = await deaf.newUser();
    const client = await ImapClient.inInbox(deaf, name);
    client.wire.say("i IDLE\r\n");
    expect(await client.wire.hear()).toBe("+ idling");
    await append(deaf, account, 3);
    for (const watcher of watchers) watcher.lagged(account);
    expect(await client.wire.hear()).toBe("* 3 EXISTS");
    client.wire.say("DONE\r\n");
    await client.answer("i");
    client.close();
  });
});

test("QRESYNC tells of a message that goes while its mailbox is being opened, and then that it has gone", async () => {
  let whileOpening: (account: AccountId) => Promise<void> = async () => {};
  const between = await Stage.open({}, ({ accounts }) => ({
    accounts: {
      ask: async (account, request) => {
        const answer = await accounts.ask(account, request);
        if (request.kind === "openMailbox") await whileOpening(account);
        return answer;
      },
      watch: (account, watcher) => accounts.watch(account, watcher),
    },
  }));
  const { account, name } = await between.newUser();
  await append(between, account, 1);
  const client = await ImapClient.connect(between);
  await client.ok(`LOGIN ${name} secret`);
  await client.ok("ENABLE QRESYNC");
  const { lines } = await client.ok("SELECT INBOX");
  const [, validity] = /UIDVALIDITY (\d+)/.exec(lines.join("\n"))!;
  const [, modseq] = /HIGHESTMODSEQ (\d+)/.exec(lines.join("\n"))!;
  await client.ok("UNSELECT");
  await append(between, account, 1);
  whileOpening = async () => {
    whileOpening = async () => {};
    await between.change(account, { kind: "expunge", mailbox: { path: "INBOX" }, uids: [2, 2], which: "any" });
  };
  const again = (await client.ok(`SELECT INBOX (QRESYNC (${validity} ${modseq}))`)).lines;
  expect(again).toContain("* 2 EXISTS");
  expect(again.filter((line) => line.includes("FETCH"))).toEqual([expect.stringMatching(/^\* 2 FETCH \(UID 2 /)]);
  expect((await client.ok("NOOP")).lines).toContain("* VANISHED 2");
  client.close();
  await between.close();
});

test("HIGHESTMODSEQ is not said with MOVE, EXPUNGE and CLOSE before everything up to it is (RFC 7162 §3.2.7)", async () => {
  let away = false;
  const forgetful = await Stage.open({}, ({ accounts }) => ({
    accounts: {
      ask: (async (account, request) => {
        if (away && request.kind === "readVanished") return { ok: false, refusal: { kind: "unavailable", why: "x" } };
        return accounts.ask(account, request);
      }) as typeof accounts.ask,
      watch: (account, watcher) =>
        accounts.watch(account, {
          announced: (news) => (away ? watcher.lagged(account) : watcher.announced(news)),
          lagged: (of) => watcher.lagged(of),
        }),
    },
  }));
  const { account, name } = await forgetful.newUser();
  await append(forgetful, account, 6);
  const client = await ImapClient.connect(forgetful);
  await client.ok(`LOGIN ${name} secret`);
  await client.ok("ENABLE QRESYNC");
  await client.ok("SELECT INBOX");
  expect((await client.ok("UID MOVE 1 Trash")).tagged).toContain("[HIGHESTMODSEQ ");
  await client.ok("UID STORE 2,3,5 +FLAGS.SILENT (\\Deleted)");
  const missNews = async () => {
    away = true;
    await append(forgetful, account, 1);
  };
  for (const [command, vanished] of [
    ["UID MOVE 4 Trash", "* VANISHED 4"],
    ["UID EXPUNGE 2", "* VANISHED 2"],
  ] as const) {
    await missNews();
    expect((await client.ok(command)).tagged).not.toContain("HIGHESTMODSEQ");
    away = false;
    expect((await client.ok("NOOP")).lines).toContain(vanished);
  }
  expect((await client.ok("UID EXPUNGE 3")).tagged).toContain("[HIGHESTMODSEQ ");
  await missNews();
  expect((await client.ok("CLOSE")).tagged).not.toContain("HIGHESTMODSEQ");
  client.close();
  await forgetful.close();
});

test("more news than a session keeps is told all the same", async () => {
  const { account, name } = await stage.newUser();
  const sources = Array.from({ length: 9_000 }, (_, at) => Buffer.from(`Subject: ${at}\r\n\r\n`));
  for (let from = 0; from < sources.length; from += 1_000) {
    const commands = sources
      .slice(from, from + 1_000)
      .map(
        (bytes) =>
          ({ kind: "append", mailbox: { path: "INBOX" }, flags: [], source: { kind: "bytes", bytes } }) as const,
      );
    await stage.change(account, { kind: "batch", commands });
  }
  const client = await ImapClient.inInbox(stage, name);
  const odd = Array.from({ length: 4_500 }, (_, at) => [at * 2 + 1, at * 2 + 1]).flat();
  await stage.change(account, { kind: "expunge", mailbox: { path: "INBOX" }, uids: odd, which: "any" });
  const { lines } = await client.ok("NOOP");
  expect(lines.length).toBe(4_500);
  expect(lines.every((line) => / EXPUNGE$/.test(line))).toBe(true);
  expect((await client.ok("FETCH 1,4500 (UID)")).lines).toEqual(["* 1 FETCH (UID 2)", "* 4500 FETCH (UID 9000)"]);
  client.close();
});

describe("two clients at once", () => {
  test("neither loses a flag the other set", async () => {
    const { account, name } = await stage.newUser();
    await append(stage, account, 1);
    const clients = [await ImapClient.inInbox(stage, name), await ImapClient.inInbox(stage, name)];
    for (let round = 0; round < 25; round++) {
      await clients[0]!.ok("STORE 1 FLAGS.SILENT ()");
      const flags = ["\\Seen", "\\Flagged"];
      await Promise.all(clients.map((client, at) => client.ok(`STORE 1 +FLAGS.SILENT (${flags[at]})`)));
      expect((await clients[0]!.ok("UID SEARCH SEEN FLAGGED")).lines).toContain("* SEARCH 1");
    }
    for (const client of clients) client.close();
  });

  test("of two that say UNCHANGEDSINCE one wins (RFC 7162 §3.1.3)", async () => {
    const { account, name } = await stage.newUser();
    await append(stage, account, 1);
    const clients = [await ImapClient.inInbox(stage, name), await ImapClient.inInbox(stage, name)];
    for (let round = 0; round < 25; round++) {
      const { lines } = await clients[0]!.ok("FETCH 1 (MODSEQ)");
      const modseq = /MODSEQ \((\d+)\)/.exec(lines.join())![1];
      const answers = await Promise.all(
        clients.map((client, at) =>
          client.ask(`STORE 1 (UNCHANGEDSINCE ${modseq}) FLAGS.SILENT (Round${round}-${at})`),
        ),
      );
      expect(answers.filter(({ tagged }) => tagged.includes("[MODIFIED 1]")).length).toBe(1);
    }
    for (const client of clients) client.close();
  });
});

test("a change that could not be kept is NO, and nothing is said to have happened", async () => {
  let away = false;
  const failing = await Stage.open({}, ({ accounts }) => ({
    accounts: {
      ask: (async (account, request) => {
        if (away && request.kind === "change") {
          return { ok: false, refusal: { kind: "unavailable", why: "the disk is full" } };
        }
        return accounts.ask(account, request);
      }) as typeof accounts.ask,
      watch: (account, watcher) => accounts.watch(account, watcher),
    },
  }));
  const { account, name } = await failing.newUser();
  await append(failing, account, 2);
  const client = await ImapClient.inInbox(failing, name);
  await client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
  away = true;
  const refused = "NO [UNAVAILABLE] Mail store is not available, try again later";
  for (const command of [
    "STORE 2 +FLAGS (\\Seen)",
    "EXPUNGE",
    "CLOSE",
    "COPY 1 Trash",
    "MOVE 1 Trash",
    "FETCH 2 (BODY[TEXT])",
    "CREATE Work",
    "DELETE Trash",
    "RENAME Trash Bin",
    "UNSUBSCRIBE Trash",
    "APPEND INBOX {8+}\r\nA: b\r\n\r\n",
  ]) {
    const { lines, tagged } = await client.ask(command);
    expect(lines).toEqual([]);
    expect(tagged).toEndWith(refused);
  }
  away = false;
  expect((await client.ok("FETCH 1:* (FLAGS)")).lines).toEqual([
    "* 1 FETCH (FLAGS (\\Deleted \\Recent))",
    "* 2 FETCH (FLAGS (\\Recent))",
  ]);
  client.close();
  await failing.close();
});

/** A client that believes every line it hears, and knows for each sequence number the UID it was told. */
class Believer {
  readonly client: ImapClient;
  /** UID by place; 0: not told yet. */
  uids: number[] = [];

  /** `numbers`: it is told of EXPUNGE by number and can follow; a client with QRESYNC is told otherwise. */
  constructor(
    client: ImapClient,
    readonly numbers: boolean,
  ) {
    this.client = client;
  }

  async run(command: string): Promise<string> {
    const { lines, tagged } = await this.client.ask(command);
    if (this.numbers) for (const line of lines) this.hear(line, command);
    return tagged;
  }

  hear(line: string, command: string): void {
    const exists = /^\* (\d+) EXISTS/.exec(line);
    const expunge = /^\* (\d+) EXPUNGE/.exec(line);
    const fetch = /^\* (\d+) FETCH \(UID (\d+)/.exec(line);
    if (exists !== null) {
      expect(Number(exists[1])).toBeGreaterThan(this.uids.length);
      while (this.uids.length < Number(exists[1])) this.uids.push(0);
    } else if (expunge !== null) {
      // RFC 3501 §7.4.1
      expect(command).not.toMatch(/^(FETCH|STORE|SEARCH)/);
      expect(Number(expunge[1])).toBeLessThanOrEqual(this.uids.length);
      this.uids.splice(Number(expunge[1]) - 1, 1);
    } else if (fetch !== null) {
      const place = Number(fetch[1]) - 1;
      expect(place).toBeLessThan(this.uids.length);
      const known = this.uids[place]!;
      if (known !== 0) expect(Number(fetch[2])).toBe(known);
      this.uids[place] = Number(fetch[2]);
      const told = this.uids.filter((uid) => uid !== 0);
      expect(told).toEqual([...told].sort((a, b) => a - b));
    }
  }
}

for (let seed = 1; seed <= 6; seed++) {
  test(`clients that believe what they hear agree in the end (seed ${seed})`, async () => {
    let state = seed * 2_654_435_761;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 0x1_0000_0000) * below);
    };
    const { account, name } = await stage.newUser();
    await append(stage, account, 5);
    const believers: Believer[] = [];
    for (let n = 0; n < 4; n++) {
      const client = await ImapClient.connect(stage);
      await client.ok(`LOGIN ${name} secret`);
      if (n === 3) await client.ok("ENABLE QRESYNC");
      const believer = new Believer(client, n < 3);
      await believer.run("SELECT INBOX");
      believers.push(believer);
    }
    const flags = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "Work"];
    const message = "APPEND INBOX {11+}\r\nA: b\r\n\r\nxyz";
    const one = async (believer: Believer): Promise<void> => {
      for (let n = 0; n < 40; n++) {
        const place = 1 + random(Math.max(believer.uids.length, 1));
        const flag = flags[random(flags.length)];
        const commands = [
          `STORE ${place} +FLAGS (${flag})`,
          `STORE ${place} -FLAGS.SILENT (${flag})`,
          `UID STORE 1:* ${random(2) ? "+" : "-"}FLAGS (${flag})`,
          "FETCH 1:* (UID FLAGS)",
          "UID FETCH 1:* (FLAGS)",
          `FETCH ${place} (UID BODY[TEXT])`,
          "SEARCH DELETED",
          "UID SEARCH UNSEEN",
          "NOOP",
          "EXPUNGE",
          `COPY ${place} INBOX`,
          `UID MOVE ${believer.uids[place - 1] || 1} Trash`,
          message,
          message,
        ];
        const tagged = await believer.run(commands[random(commands.length)]!);
        expect(tagged).not.toContain("SERVERBUG");
      }
    };
    await Promise.all(believers.map(one));
    const mailboxes: string[] = [];
    for (const believer of believers.slice(0, 3)) {
      await believer.run("NOOP");
      const { lines } = await believer.client.ok("UID FETCH 1:* (FLAGS)");
      for (const line of lines) believer.hear(line, "UID FETCH");
      expect(lines.length).toBe(believer.uids.length);
      mailboxes.push(lines.map((line) => line.replace(" \\Recent", "").replace("\\Recent", "")).join("\n"));
    }
    expect(mailboxes[1]).toBe(mailboxes[0]!);
    expect(mailboxes[2]).toBe(mailboxes[0]!);
    for (const { client } of believers) client.close();
  });
}
