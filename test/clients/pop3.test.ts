import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../server.ts";
import { needs } from "./needs.ts";
import { type ClientRun, runClient } from "./run-client.ts";

/** POP3 clients that are not ours, against the whole server.  */
let server: TestServer;
let home = "";
let user = "";
let users = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const messages = [
  "Subject: one\r\n\r\nhello\r\n",
  "Subject: dots\r\n\r\n.\r\n..\r\n.dot\r\nend\r\n",
  `Subject: long\r\n\r\n${"x".repeat(990)}\r\n${"grün\r\n".repeat(20_000)}`,
];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "eider-client-"));
  user = `reader${++users}`;
  await server.addUser(user);
  for (const message of messages) await deliver(message);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** By LMTP, as Python's library speaks it. */
async function deliver(message: string): Promise<void> {
  const script = [
    "import smtplib, sys",
    `with smtplib.LMTP("127.0.0.1", ${server.lmtp}) as lmtp:`,
    `    lmtp.sendmail("sender@example.com", ["${user}@localhost"], sys.stdin.buffer.read())`,
  ];
  succeeded(await runClient(["python3", "-c", script.join("\n")], message));
}

function succeeded(run: ClientRun): ClientRun {
  if (run.code !== 0) throw new Error(`exit ${run.code}\n${run.stdout}\n${run.stderr}`);
  return run;
}

/** A message as it must come out: Latin-1 of its UTF-8 octets, behind the trace headers. */
function stored(message: string): string {
  const octets = Buffer.from(message, "utf8").toString("latin1");
  return `Return-Path: <sender@example.com>\r\nDelivered-To: ${user}@localhost\r\n${octets}`;
}

needs("python3")("poplib: every command, over clear text, STLS and TLS", async () => {
  const script = `
import poplib, ssl
poplib._MAXLINE = 65536
context = ssl._create_unverified_context()
clear = poplib.POP3("127.0.0.1", ${server.pop3})
clear.user("${user}"); clear.pass_("secret")
count, octets = clear.stat()
assert count == 3, count
sizes = [int(line.split()[1]) for line in clear.list()[1]]
assert sum(sizes) == octets
for number in range(1, 4):
    response, lines, received = clear.retr(number)
    message = b"".join(line + b"\\r\\n" for line in lines)
    assert len(message) == sizes[number - 1], (len(message), sizes)
    if number == 2: print(message.decode(), end="")
    assert clear.top(number, 0)[1] == lines[:lines.index(b"") + 1]
ids = clear.uidl()[1]
clear.dele(1); clear.rset(); clear.dele(3); clear.noop(); clear.quit()
upgraded = poplib.POP3("127.0.0.1", ${server.pop3})
upgraded.stls(context); upgraded.utf8(); upgraded.user("${user}"); upgraded.pass_("secret")
assert upgraded.uidl()[1] == ids[:2], upgraded.uidl()
upgraded.quit()
secure = poplib.POP3_SSL("127.0.0.1", ${server.pop3s}, context=context)
secure.user("${user}@localhost"); secure.pass_("secret")
assert secure.stat()[0] == 2
secure.quit()
`;
  const { stdout } = succeeded(await runClient(["python3", "-c", script]));
  expect(stdout.replace(/\r?\n/g, "\r\n")).toBe(stored(messages[1]!));
});

needs("curl")("curl: lists, reads and deletes, with SASL PLAIN", async () => {
  const url = `pop3://127.0.0.1:${server.pop3}`;
  const login = ["--silent", "--show-error", "--user", `${user}:secret`];
  expect(succeeded(await runClient(["curl", ...login, `${url}/`])).stdout.split("\r\n").length).toBe(4);
  const read = succeeded(await runClient(["curl", ...login, "--login-options", "AUTH=PLAIN", `${url}/2`]));
  expect(read.stdout).toBe(stored(messages[1]!));
  const tls = succeeded(await runClient(["curl", ...login, "--insecure", "--ssl-reqd", `${url}/3`]));
  expect(tls.stdout).toBe(stored(messages[2]!));
});

needs("mpop")("mpop: fetches what is new by UIDL, then deletes", async () => {
  const maildir = join(home, "mail");
  succeeded(await runClient(["mkdir", "-p", `${maildir}/cur`, `${maildir}/new`, `${maildir}/tmp`]));
  const mpop = (keep: "on" | "off") => [
    ...["mpop", "--host=127.0.0.1", `--port=${server.pop3}`, `--user=${user}`, "--passwordeval=echo secret"],
    ...["--auth=user", "--tls=off", `--keep=${keep}`, `--delivery=maildir,${maildir}`],
    ...[`--uidls-file=${join(home, "uidls")}`, "--received-header=off"],
  ];
  succeeded(await runClient(mpop("on"), "", { HOME: home }));
  const fetched = () =>
    readdirSync(join(maildir, "new")).map((name) => readFileSync(join(maildir, "new", name), "latin1"));
  expect(fetched().sort()).toEqual(messages.map((message) => stored(message).replaceAll("\r\n", "\n")).sort());
  await deliver("Subject: later\r\n\r\nx\r\n");
  succeeded(await runClient(mpop("on"), "", { HOME: home }));
  expect(fetched().length).toBe(4);
  succeeded(await runClient(mpop("off"), "", { HOME: home }));
  expect(fetched().length).toBe(4);
  const listed = await runClient(["curl", "--silent", "--user", `${user}:secret`, `pop3://127.0.0.1:${server.pop3}/`]);
  expect(listed.stdout.trim()).toBe("");
});

needs("fetchmail")("fetchmail: takes everything away", async () => {
  const config = join(home, "fetchmailrc");
  const mail = join(home, "mail");
  writeFileSync(
    config,
    `poll 127.0.0.1 protocol POP3 port ${server.pop3} timeout 20\n  user "${user}" password "secret" sslproto '' nokeep no rewrite\n  mda "cat >>${mail}"\n`,
    { mode: 0o600 },
  );
  const run = ["fetchmail", "--fetchmailrc", config, "--pidfile", join(home, "pid"), "--invisible", "--nosyslog"];
  succeeded(await runClient(run, "", { HOME: home, FETCHMAILHOME: home }));
  const text = readFileSync(mail, "latin1");
  for (const message of messages)
    expect(text).toContain(stored(message).split("\r\n\r\n")[1]!.replaceAll("\r\n", "\n"));
  // "1": there is nothing more to fetch.
  expect((await runClient(run, "", { HOME: home, FETCHMAILHOME: home })).code).toBe(1);
});
