import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../server.ts";
import { needs } from "./needs.ts";
import { type ClientRun, runClient } from "./run-client.ts";

/** Programs that carry mail away over IMAP, or keep a copy of it: getmail, fetchmail, offlineimap, curl. */
let server: TestServer;
let home = "";
let user = "";
let users = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "eider-fetcher-"));
  user = `fetcher${++users}`;
  await server.addUser(user);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const messages = [
  "Subject: one\r\n\r\nhello\r\n",
  "Subject: two\r\n\r\n.\r\nFrom me\r\n>From you\r\n",
  `Subject: three\r\n\r\n${"gr\xfcn\r\n".repeat(20_000)}`,
];

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

function succeeded(run: ClientRun): ClientRun {
  if (run.code !== 0) throw new Error(`exit ${run.code}\n${run.stdout}\n${run.stderr}`);
  return run;
}

async function curl(path: string, ...more: string[]): Promise<string> {
  const url = `imap://127.0.0.1:${server.imap}/${path}`;
  return succeeded(await runClient(["curl", "-sS", "-u", `${user}:secret`, url, ...more], "", { HOME: home })).stdout;
}

/** Uploads all messages to INBOX. */
async function fillInbox(): Promise<void> {
  for (const [at, message] of messages.entries()) {
    writeFileSync(join(home, `${at}.eml`), latin1(message));
    await curl("INBOX", "-T", join(home, `${at}.eml`));
  }
}

/** The messages of a Maildir folder as they are on the wire. */
function maildir(path: string): string[] {
  return ["new", "cur"]
    .flatMap((part) => readdirSync(join(path, part)).map((name) => join(path, part, name)))
    .map((file) => readFileSync(file, "latin1").replace(/\r?\n/g, "\r\n"))
    .sort();
}

needs("curl")(
  "curl: uploads, reads, searches, flags, moves, by its own commands and by ours, also over STARTTLS and TLS",
  async () => {
    await fillInbox();
    for (const [at, message] of messages.entries()) expect(await curl(`INBOX;UID=${at + 1}`)).toBe(message);
    expect(await curl("INBOX;MAILINDEX=2;SECTION=TEXT")).toBe(".\r\nFrom me\r\n>From you\r\n");
    expect(await curl("INBOX;UID=1", "--ssl-reqd", "-k")).toBe(messages[0]!);
    const tls = await runClient(
      ["curl", "-sSk", "-u", `${user}:secret`, `imaps://127.0.0.1:${server.imaps}/INBOX;UID=1`],
      "",
      { HOME: home },
    );
    expect(succeeded(tls).stdout).toBe(messages[0]!);
    expect(await curl("INBOX?BODY%20%22From%20you%22")).toBe("* SEARCH 2\r\n");
    expect(await curl("INBOX", "-X", "UID STORE 2 FLAGS (\\Flagged Work)")).toEndWith(
      "* 2 FETCH (UID 2 FLAGS (\\Flagged Work))\r\n",
    );
    expect(await curl("", "-X", 'CREATE "Gr&APw-n"')).toBe("");
    expect(await curl("INBOX", "-X", 'UID MOVE 2 "Gr&APw-n"')).toContain("* 2 EXPUNGE\r\n");
    expect(await curl("", "-X", 'STATUS "Gr&APw-n" (MESSAGES)')).toBe("* STATUS Gr&APw-n (MESSAGES 1)\r\n");
    expect(await curl("Gr&APw-n;UID=1")).toBe(messages[1]!);
  },
  30_000,
);

needs("curl", "getmail")(
  "getmail: takes all with the same bytes, then only what is new, then deletes what it took",
  async () => {
    await fillInbox();
    const box = join(home, "Mail");
    for (const part of ["new", "cur", "tmp"]) mkdirSync(join(box, part), { recursive: true });
    const config = (options: string): void =>
      writeFileSync(
        join(home, "getmailrc"),
        `[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = ${server.imap}
username = ${user}
password = secret
mailboxes = ("INBOX",)
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat > $(mktemp ${box}/new/XXXXXX)")
allow_root_commands = true
[options]
delivered_to = false
received = false
${options}
`,
        { mode: 0o600 },
      );
    const getmail = async () =>
      succeeded(await runClient(["getmail", "-g", home, "-r", join(home, "getmailrc")], "", { HOME: home })).stdout;
    config("read_all = false");
    await getmail();
    const trace = /^(Return-Path: <unknown>|X-getmail-retrieved-from-mailbox: INBOX)\r\n/gm;
    const withoutTrace = () =>
      maildir(box)
        .map((message) => message.replace(trace, ""))
        .sort();
    const sorted = [...messages].sort();
    expect(withoutTrace()).toEqual(sorted);
    expect(await getmail()).toContain("0 messages (0 bytes) retrieved");
    config("read_all = true\ndelete = true");
    await getmail();
    expect(withoutTrace().length).toBe(6);
    expect(await curl("", "-X", "STATUS INBOX (MESSAGES)")).toBe("* STATUS INBOX (MESSAGES 0)\r\n");
  },
  30_000,
);

needs("curl", "fetchmail")(
  "fetchmail: from a folder over STARTTLS, delivers by LMTP to another user, and expunges what it took",
  async () => {
    await fillInbox();
    const other = `fetcher${++users}`;
    await server.addUser(other);
    const options = `protocol imap port ${server.imap} username "${user}" password "secret" is "${other}@localhost" here`;
    const ways = `fetchall nokeep expunge 1 lmtp smtphost 127.0.0.1/${server.lmtp} sslproto "TLS1.2+" sslcertck`;
    writeFileSync(join(home, "rc"), `poll 127.0.0.1 ${options} ${ways.replace("sslcertck", "no sslcertck")}\n`, {
      mode: 0o600,
    });
    const command = ["fetchmail", "-f", join(home, "rc"), "--nodetach", "--pidfile", join(home, "pid")];
    succeeded(await runClient([...command, "-i", join(home, "ids")], "", { HOME: home }));
    expect(await curl("", "-X", "STATUS INBOX (MESSAGES)")).toBe("* STATUS INBOX (MESSAGES 0)\r\n");
    user = other;
    for (const [at, message] of messages.entries()) {
      // What it adds comes before; what was there follows byte for byte.
      expect((await curl(`INBOX;UID=${at + 1}`)).endsWith(message)).toBe(true);
    }
  },
  30_000,
);

needs("curl", "offlineimap")(
  "offlineimap: a copy with the same bytes, and changes of both sides, twice over",
  async () => {
    await fillInbox();
    const config = `
[general]
accounts = eider
metadata = ${home}/metadata
ui = quiet
[Account eider]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = ${home}/Mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = ${server.imap}
remoteuser = ${user}
remotepass = secret
ssl = no
starttls = no
`;
    writeFileSync(join(home, "rc"), config);
    const sync = async () =>
      succeeded(await runClient(["offlineimap", "-c", join(home, "rc"), "-o"], "", { HOME: home }));
    await sync();
    const inbox = join(home, "Mail", "INBOX");
    expect(maildir(inbox)).toEqual([...messages].sort());

    writeFileSync(join(inbox, "cur", "1700000000_0.1.here:2,F"), "Subject: from here\n\nhi\n");
    await curl("INBOX", "-X", "UID STORE 1 +FLAGS (\\Answered)");
    await curl("INBOX", "-X", "UID STORE 2 +FLAGS (\\Deleted)");
    await curl("INBOX", "-X", "EXPUNGE");
    await sync();
    expect(maildir(inbox)).toEqual([messages[0]!, messages[2]!, "Subject: from here\r\n\r\nhi\r\n"].sort());
    expect(readdirSync(join(inbox, "cur")).filter((name) => /:2,[A-Z]*R/.test(name)).length).toBe(1);
    const uploaded = await curl("INBOX?KEYWORD%20x%20OR%20FLAGGED%20FLAGGED");
    expect(uploaded).toBe("* SEARCH\r\n");
    expect(await curl("INBOX?FLAGGED")).toBe("* SEARCH 3\r\n");
    expect(existsSync(join(home, "metadata"))).toBe(true);

    const names = readdirSync(join(inbox, "cur")).sort();
    const status = await curl("", "-X", "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)");
    await sync();
    expect(readdirSync(join(inbox, "cur")).sort()).toEqual(names);
    expect(await curl("", "-X", "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)")).toBe(status);
  },
  60_000,
);
