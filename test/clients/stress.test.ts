import { afterAll, beforeAll, expect, test } from "bun:test";
import { ImapFlow } from "imapflow";
import { startTestServer, type TestServer } from "../server.ts";
import { type Answers, ImapPeer } from "./differential/imap-peer.ts";
import { needs } from "./needs.ts";
import { runClient } from "./run-client.ts";

/**
 * Many sessions do random things to one mailbox at once. Each keeps the view that its server's answers give it: a
 * sequence number that means another message than the client was told of, or a UID below one already seen, is found.
 */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** What a client knows of its selected mailbox: UIDs by sequence number, null where it has not been told. */
class Follower {
  readonly peer: ImapPeer;
  readonly #random: () => number;
  uids: (number | null)[] = [];

  constructor(peer: ImapPeer, random: () => number) {
    this.peer = peer;
    this.#random = random;
  }

  async say(command: string): Promise<Answers> {
    const byNumber = /^(FETCH|STORE|SEARCH) /.test(command);
    const answers = await this.peer.say(command);
    for (const line of answers.untagged) {
      const [, number, kind] = /^(\d+) (EXISTS|EXPUNGE|FETCH)/.exec(line) ?? [];
      if (kind === undefined) continue;
      const at = Number(number) - 1;
      if (kind === "EXISTS") {
        if (at + 1 < this.uids.length) throw new Error(`${command}: EXISTS may not shrink the mailbox: ${line}`);
        while (this.uids.length <= at) this.uids.push(null);
      } else if (at >= this.uids.length) throw new Error(`${command}: there is no message ${line}`);
      else if (kind === "EXPUNGE") {
        // RFC 3501 §7.4.1
        if (byNumber) throw new Error(`${command}: EXPUNGE during it`);
        this.uids.splice(at, 1);
      } else this.#fetched(at, line, command);
    }
    return answers;
  }

  #fetched(at: number, line: string, command: string): void {
    const uid = /\bUID (\d+)/.exec(line)?.[1];
    if (uid === undefined) return;
    const known = this.uids[at];
    if (known !== null && known !== Number(uid)) throw new Error(`${command}: ${at + 1} is ${known}, not ${uid}`);
    this.uids[at] = Number(uid);
    const told = this.uids.filter((one) => one !== null);
    for (let i = 1; i < told.length; i++) {
      if (told[i]! <= told[i - 1]!) throw new Error(`${command}: UIDs are not ascending: ${told.join(" ")}`);
    }
  }

  pick(): number {
    return 1 + Math.floor(this.#random() * Math.max(1, this.uids.length));
  }

  /** One random command. */
  async act(): Promise<void> {
    const [one, other] = [this.pick(), this.pick()];
    const set = this.#random() < 0.5 ? `${one}` : `${one}:${other}`;
    const flag = ["\\Seen", "\\Flagged", "\\Answered", "$Work", "\\Deleted"][Math.floor(this.#random() * 5)];
    const message = `Subject: ${one}\r\n\r\n${"x".repeat(other)}\r\n`;
    const commands = [
      `APPEND INBOX (${flag}) {${message.length}+}\r\n${message}`,
      `APPEND INBOX {${message.length}+}\r\n${message}`,
      `FETCH ${set} (UID FLAGS)`,
      `FETCH ${set} (UID BODY.PEEK[])`,
      `STORE ${set} +FLAGS (${flag})`,
      `STORE ${set} -FLAGS.SILENT (${flag})`,
      `COPY ${set} INBOX`,
      `COPY ${one} Trash`,
      `MOVE ${one} INBOX`,
      `UID STORE ${this.uids[one - 1] ?? one} +FLAGS.SILENT (\\Deleted)`,
      "EXPUNGE",
      "UID SEARCH NOT DELETED",
      "SEARCH SUBJECT 1",
      "NOOP",
      "UID FETCH 1:* (FLAGS)",
      "STATUS Trash (MESSAGES UIDNEXT)",
    ];
    const command =
      this.uids.length > 200 ? "UID FETCH 1:* FLAGS" : commands[Math.floor(this.#random() * commands.length)]!;
    const { status, text } = await this.say(command);
    if (status === "BAD" && this.uids.length > 0) throw new Error(`${command}: ${status} ${text}`);
  }
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** UID and flags of every message, as this session is told. */
async function snapshot(follower: Follower): Promise<readonly string[]> {
  await follower.say("NOOP");
  const { untagged } = await follower.say("FETCH 1:* (UID FLAGS)");
  return untagged.map((line) => {
    const [, number, inner] = /^(\d+) FETCH \((.*)\)$/.exec(line)!;
    const flags = /FLAGS \(([^)]*)\)/
      .exec(inner!)![1]!
      .split(" ")
      .filter((flag) => flag !== "\\Recent");
    return `${number} ${/UID (\d+)/.exec(inner!)![1]} ${flags.sort().join(" ")}`;
  });
}

test("a dozen sessions at random on one mailbox: numbers never lie, and in the end all see the same", async () => {
  await server.addUser("crowd");
  const followers: Follower[] = [];
  for (let at = 0; at < 12; at++) {
    const follower = new Follower(await ImapPeer.loggedIn(server.imap, "crowd"), randomFrom(at + 1));
    if (at % 3 === 1) await follower.say("ENABLE CONDSTORE");
    await follower.say("SELECT INBOX");
    followers.push(follower);
  }
  await Promise.all(
    followers.map(async (follower) => {
      for (let turn = 0; turn < 150; turn++) await follower.act();
    }),
  );
  const fresh = new Follower(await ImapPeer.loggedIn(server.imap, "crowd"), randomFrom(0));
  await fresh.say("SELECT INBOX");
  const expected = await snapshot(fresh);
  expect(expected.length).toBeGreaterThan(0);
  for (const follower of followers) {
    expect(await snapshot(follower)).toEqual(expected);
    expect(follower.uids).toEqual(fresh.uids);
  }
  const { untagged } = await fresh.say("STATUS INBOX (MESSAGES)");
  expect(untagged).toEqual([`STATUS INBOX (MESSAGES ${expected.length})`]);
  for (const { peer } of [...followers, fresh]) peer.close();
}, 60_000);

needs("python3")(
  "imaplib threads and imapflow sessions on one mailbox at once: all see the same in the end",
  async () => {
    await server.addUser("mixed");
    const script = `
import imaplib, random, threading
problems, seen = [], []
barrier = threading.Barrier(6)
def session(number):
    try:
        rng = random.Random(number)
        m = imaplib.IMAP4("127.0.0.1", ${server.imap})
        m.login("mixed", "secret")
        m.select("INBOX")
        for turn in range(60):
            uids = m.uid("SEARCH", "ALL")[1][0].split()
            uid = rng.choice(uids).decode() if uids else "1"
            what = rng.randrange(7)
            if what < 2: ok = m.append("INBOX", "(work)", None, b"Subject: %d\\r\\n\\r\\n%d\\r\\n" % (number, turn))
            elif what == 2: ok = m.uid("STORE", uid, "+FLAGS", "(\\\\Seen)")
            elif what == 3: ok = m.uid("STORE", uid, "+FLAGS.SILENT", "(\\\\Deleted)")
            elif what == 4: ok = m.expunge()
            elif what == 5: ok = m.uid("COPY", uid, "Trash")
            else: ok = m.uid("FETCH", uid, "(FLAGS BODY.PEEK[])")
            assert ok[0] == "OK", (what, ok)
        barrier.wait(50)
        m.noop()
        seen.append(sorted(m.uid("SEARCH", "ALL")[1][0].split(), key=int))
        m.logout()
    except Exception as error:
        barrier.abort()
        problems.append(repr(error))
threads = [threading.Thread(target=session, args=(number,)) for number in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not problems, problems
assert all(one == seen[0] for one in seen), seen
print(b",".join(seen[0]).decode())
`;
    const flows = await Promise.all([1, 2].map(() => openFlow("mixed")));
    const counts = flows.map(() => ({ exists: 0, gone: 0 }));
    for (const [at, flow] of flows.entries()) {
      flow.on("exists", () => counts[at]!.exists++);
      flow.on("expunge", () => counts[at]!.gone++);
    }
    const python = runClient(["python3", "-c", script]);
    const busy = flows.map(async (flow) => {
      for (let turn = 0; turn < 20; turn++) {
        await flow.append("INBOX", `Subject: flow ${turn}\r\n\r\nx\r\n`, ["\\Flagged"]);
        await flow.messageFlagsAdd({ flagged: true }, ["$Flow"], { uid: true });
        const all = await flow.search({ all: true }, { uid: true });
        if (turn % 5 === 4) await flow.messageDelete(`${(all as number[])[0]}`, { uid: true });
      }
    });
    const run = await python;
    expect(run.stderr).toBe("");
    await Promise.all(busy);
    const views = await Promise.all(
      flows.map(async (flow) => {
        await flow.noop();
        const all = (await flow.search({ all: true }, { uid: true })) as number[];
        expect((flow.mailbox as { exists: number }).exists).toBe(all.length);
        return all;
      }),
    );
    expect(views[0]).toEqual(views[1]!);
    for (const { exists, gone } of counts) expect([exists > 0, gone > 0]).toEqual([true, true]);
    await Promise.all(flows.map((flow) => flow.logout()));
  },
  60_000,
);

async function openFlow(user: string): Promise<ImapFlow> {
  const flow = new ImapFlow({
    host: "127.0.0.1",
    port: server.imap,
    doSTARTTLS: false,
    auth: { user, pass: "secret" },
    logger: false,
  });
  await flow.connect();
  await flow.mailboxOpen("INBOX");
  return flow;
}
