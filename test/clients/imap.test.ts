import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import type { RequestId } from "../../src/domain/ids.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { mbsyncConfig } from "./mbsync-config.ts";
import { needs } from "./needs.ts";
import { type ClientRun, runClient } from "./run-client.ts";

/** IMAP clients that are not ours, against the whole server.  */
let server: TestServer;
let home = "";
let user = "";
let users = 0;

const text = "From: Ann <ann@example.com>\r\nSubject: one\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n";
const parts = [
  "From: Bob <bob@example.com>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n",
  'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n',
  '--b\r\nContent-Type: image/png; name="a.png"\r\nContent-Disposition: attachment; filename="a.png"\r\n',
  "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n",
].join("");
const long = `Subject: long\r\n\r\n${"0123456789".repeat(7)}\r\n`.concat(`${"grün\r\n".repeat(50_000)}`);
const messages = [text, parts, long];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "eider-client-"));
  user = `reader${++users}`;
  const account = await server.addUser(user);
  for (const [at, message] of messages.entries()) {
    const source = { kind: "bytes", bytes: Buffer.from(message) } as const;
    const command = { kind: "append", mailbox: { path: "INBOX" }, flags: [], source } as const;
    const request = `${user}-${at}` as RequestId;
    const outcome = await server.services.accounts.ask(account, { kind: "change", request, command });
    expect(outcome.ok).toBe(true);
  }
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function succeeded(run: ClientRun): ClientRun {
  if (run.code !== 0) throw new Error(`exit ${run.code}\n${run.stdout}\n${run.stderr}`);
  return run;
}

function flow(secure: boolean): ImapFlow {
  return new ImapFlow({
    host: "127.0.0.1",
    port: secure ? server.imaps : server.imap,
    secure,
    servername: "localhost",
    tls: { rejectUnauthorized: false },
    auth: { user: `${user}@localhost`, pass: "secret" },
    logger: false,
    qresync: true,
  });
}

test("imapflow: STARTTLS, list, fetch, flags, search, append, copy, move, delete, quota, IDLE", async () => {
  const client = flow(false);
  await client.connect();
  expect(client.secureConnection).toBe(true);
  const listed = await client.list({ statusQuery: { messages: true, unseen: true } });
  expect(listed.find(({ specialUse }) => specialUse === "\\Trash")?.path).toBe("Trash");
  expect(listed.find(({ path }) => path === "INBOX")?.status).toMatchObject({ messages: 3, unseen: 3 });
  const lock = await client.getMailboxLock("INBOX");
  const fetched = await client.fetchAll("1:*", { envelope: true, bodyStructure: true, flags: true, source: true });
  expect(fetched.map(({ source }) => source!.toString("latin1"))).toEqual(
    messages.map((message) => Buffer.from(message).toString("latin1")),
  );
  expect(fetched[1]!.envelope).toMatchObject({ subject: "Grüße", from: [{ name: "Bob", address: "bob@example.com" }] });
  expect(fetched[1]!.bodyStructure!.childNodes!.map(({ type }) => type)).toEqual(["text/plain", "image/png"]);
  const attachment = await client.download("2", "2");
  const chunks: Buffer[] = [];
  for await (const chunk of attachment.content) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString("hex")).toBe("89504e470d0a1a0a");
  await client.messageFlagsAdd("1:2", ["\\Seen", "$Label1"]);
  expect(await client.search({ seen: true, keyword: "$Label1" })).toEqual([1, 2]);
  expect(await client.search({ body: "grün" }, { uid: true })).toEqual([3]);
  const appended = await client.append(
    "INBOX",
    "Subject: four\r\n\r\nfour\r\n",
    ["\\Draft"],
    new Date(1_700_000_000_000),
  );
  expect(appended).toMatchObject({ uid: 4 });
  expect(((await client.fetchOne("4", { internalDate: true })) as { internalDate: Date }).internalDate.getTime()).toBe(
    1_700_000_000_000,
  );
  await client.mailboxCreate(["Projekte", "Grüße & Küsse"]);
  const copied = await client.messageCopy("1,3", "Projekte/Grüße & Küsse");
  expect([...(copied as { uidMap: Map<number, number> }).uidMap]).toEqual([
    [1, 1],
    [3, 2],
  ]);
  const moved = await client.messageMove("2", "Trash");
  expect([...(moved as { uidMap: Map<number, number> }).uidMap]).toEqual([[2, 1]]);
  await client.messageDelete("4", { uid: true });
  expect(await client.search({ all: true }, { uid: true })).toEqual([1, 3]);
  expect(await client.getQuota("INBOX")).toMatchObject({ path: "INBOX" });
  const arrived = new Promise<number>((resolve) =>
    client.once("exists", ({ count }: { count: number }) => resolve(count)),
  );
  const idle = client.idle();
  const other = flow(true);
  await other.connect();
  await other.append("INBOX", "Subject: five\r\n\r\nfive\r\n");
  expect(await arrived).toBe(3);
  lock.release();
  await other.mailboxRename("Projekte", "Projects");
  await other.mailboxDelete("Projects/Grüße & Küsse");
  await other.logout();
  await client.logout();
  await idle.catch(() => {});
}, 30_000);

needs("python3")(
  "imaplib: every command it has, over clear text, STARTTLS and TLS",
  async () => {
    const script = `
import imaplib, ssl
context = ssl._create_unverified_context()
def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]
tls = imaplib.IMAP4_SSL("127.0.0.1", ${server.imaps}, ssl_context=context)
ok(tls.login("${user}", "secret"))
ok(tls.logout()) if False else tls.logout()
m = imaplib.IMAP4("127.0.0.1", ${server.imap})
ok(m.starttls(context))
ok(m.authenticate("PLAIN", lambda _: b"\\0${user}\\0secret"))
ok(m.noop()); ok(m.namespace()); ok(m.list()); ok(m.lsub())
assert ok(m.select("INBOX")) == [b"3"]
assert b"Subject: one" in ok(m.fetch("1", "(RFC822)"))[0][1]
assert ok(m.search(None, "SUBJECT", "one")) == [b"1"]
assert ok(m.search("UTF-8", "BODY", '"gr\\u00fcn"'.encode())) == [b"3"]
ok(m.store("1", "+FLAGS", "(\\\\Flagged Work)"))
assert b"\\\\Flagged" in ok(m.fetch("1", "(FLAGS)"))[0]
ok(m.uid("STORE", "2", "+FLAGS.SILENT", "(\\\\Deleted)"))
ok(m.create("Old")); ok(m.subscribe("Old")); ok(m.copy("1", "Old"))
assert ok(m.status("Old", "(MESSAGES UIDNEXT)")) == [b"Old (MESSAGES 1 UIDNEXT 2)"]
assert ok(m.expunge()) == [b"2"]
ok(m.append("Old", "(\\\\Seen)", imaplib.Time2Internaldate(1700000000.0), b"Subject: mine\\r\\n\\r\\nx\\r\\n"))
assert ok(m.uid("MOVE", "3", "Old")) is not None
ok(m.getquotaroot("INBOX")); ok(m.check()); ok(m.enable("UTF8=ACCEPT")) if False else None
ok(m.rename("Old", "Older")); ok(m.unsubscribe("Older"))
ok(m.close()); ok(m.select("Older", readonly=True))
assert m.store("1", "+FLAGS", "(\\\\Seen)")[0] == "NO"
ok(m.unselect()); ok(m.delete("Older")); m.logout()
print("done")
`;
    expect(succeeded(await runClient(["python3", "-c", script])).stdout).toBe("done\n");
  },
  30_000,
);

needs("curl")("curl: lists, reads, searches and uploads", async () => {
  const curl = (path: string, ...more: string[]) =>
    runClient(["curl", "-sS", "-u", `${user}:secret`, `imap://127.0.0.1:${server.imap}/${path}`, ...more]);
  expect(succeeded(await curl("")).stdout).toContain("* LIST (\\HasNoChildren \\Trash)");
  expect(succeeded(await curl("INBOX;UID=1")).stdout).toBe(text);
  expect(succeeded(await curl("INBOX?SUBJECT%20long")).stdout).toBe("* SEARCH 3\r\n");
  writeFileSync(join(home, "new.eml"), "Subject: up\r\n\r\nup\r\n");
  succeeded(await curl("Drafts", "-T", join(home, "new.eml")));
  expect(succeeded(await curl("Drafts;UID=1")).stdout).toBe("Subject: up\r\n\r\nup\r\n");
});

needs("mbsync")(
  "mbsync: fetches everything into a Maildir, then carries changes both ways",
  async () => {
    const store = join(home, "mail");
    mkdirSync(store);
    const config = mbsyncConfig({ port: server.imap, user, maildir: store });
    writeFileSync(join(home, "rc"), config);
    const sync = async () => succeeded(await runClient(["mbsync", "-c", join(home, "rc"), "-a"], "", { HOME: home }));
    await sync();
    const inbox = ["new", "cur"].flatMap((part) =>
      readdirSync(join(store, "INBOX", part)).map((name) => join(store, "INBOX", part, name)),
    );
    expect(inbox.length).toBe(3);
    const bodies = inbox.map((name) => readFileSync(name, "latin1"));
    expect(bodies.some((body) => body.includes("see below"))).toBe(true);
    // A new message here, a flag there
    writeFileSync(join(store, "INBOX", "new", "1700000000.1_1.here"), "Subject: from here\n\nhi\n");
    const client = flow(true);
    await client.connect();
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("1", ["\\Flagged"]);
    await sync();
    await client.noop();
    expect(await client.search({ subject: "from here" })).toEqual([4]);
    const flags = readdirSync(join(store, "INBOX", "cur")).filter((name) => /:2,[A-Z]*F/.test(name));
    expect(flags.length).toBe(1);
    await client.logout();
  },
  30_000,
);

needs("fetchmail")(
  "fetchmail: takes what is new and marks it seen",
  async () => {
    const rc = join(home, "rc");
    const options = `protocol imap port ${server.imap} username "${user}" password "secret"`;
    const mda = `mda "cat >> ${home}/mbox"`;
    writeFileSync(rc, `poll 127.0.0.1 ${options} sslproto "" keep ${mda}\n`, { mode: 0o600 });
    const command = [
      "fetchmail",
      "-f",
      rc,
      "--nodetach",
      "-s",
      "--pidfile",
      join(home, "pid"),
      "-i",
      join(home, "ids"),
    ];
    succeeded(await runClient(command, "", { HOME: home }));
    expect(readFileSync(join(home, "mbox"), "latin1").match(/^Subject: /gm)).toHaveLength(3);
    const again = await runClient(command, "", { HOME: home });
    expect(again.code).toBe(1); // no mail
  },
  30_000,
);

needs("mutt")(
  "mutt: prints a message from the server",
  async () => {
    const folder = `imap://${user}@127.0.0.1:${server.imap}/INBOX`;
    mkdirSync(join(home, "Mail"));
    const rc = [
      "set imap_pass=secret",
      "set wait_key=no",
      "set ssl_starttls=no",
      "set ssl_force_tls=no",
      "set header_cache=''",
    ];
    writeFileSync(join(home, "rc"), `${rc.join("\n")}\nset print_command="cat > ${home}/out"\nset print=yes\n`);
    const line = `mutt -n -F ${home}/rc -f ${folder} -e "push '<first-entry><print-message><quit>'"`;
    await runClient(["script", "-qec", line, "/dev/null"], "", {
      HOME: home,
      TERM: "xterm",
      LINES: "24",
      COLUMNS: "80",
    });
    expect(readFileSync(join(home, "out"), "utf8")).toContain("hello");
  },
  30_000,
);
