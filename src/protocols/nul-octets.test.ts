import { afterAll, beforeAll, expect, test } from "bun:test";
import { LmtpClient } from "../../test/lmtp-client.ts";
import { startTestServer, type TestServer } from "../../test/server.ts";
import { ImapClient } from "../../test/transcripts/imap-client.ts";
import { LineClient } from "../../test/transcripts/line-client.ts";

/** NUL in messages: what may not have it does not get it, and nobody else loses an octet. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const imap = { port: () => server.imap };
const header = "From: a@example.com\r\nSubject: n\0ul\r\n";
const text = "one\0two\r\nthree\0";
const message = `${header}\r\n${text}\r\n`;
const shown = (octets: string) => octets.replaceAll("\0", "\x80");

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "X-Access-Token": server.token, "Content-Type": "message/rfc822" };
  return fetch(`http://127.0.0.1:${server.http}${path}`, { headers, ...init });
}

async function json(
  path: string,
  init: RequestInit = {},
): Promise<Record<string, unknown> & { message: { id: number } }> {
  return (await api(path, init)).json() as never;
}

async function inboxOf(user: string): Promise<string> {
  const found = await json(`/users/${user}/mailboxes/resolve?path=INBOX`);
  return `/users/${user}/mailboxes/${found.id}`;
}

for (const size of [message.length, 1_000_000]) {
  test(`APPEND of ${size} octets with NUL in a plain literal is refused, and nothing is stored`, async () => {
    const user = `append${size}`;
    await server.addUser(user);
    const client = await ImapClient.inInbox(imap, user);
    const octets = `${header}\r\n`.replace("\0", "").padEnd(size - 1, "x");
    client.wire.say(`a APPEND INBOX {${size}+}\r\n`);
    client.wire.sayOctets(Buffer.from(`${octets}\0`, "latin1"));
    client.wire.say("\r\n");
    expect((await client.answer("a")).tagged).toStartWith("a NO [CANNOT] ");
    expect((await client.ok("STATUS INBOX (MESSAGES UIDNEXT)")).lines).toEqual([
      "* STATUS INBOX (MESSAGES 0 UIDNEXT 1)",
    ]);
    // The next one comes through, NUL and all where it says that it is binary.
    client.wire.say(`b APPEND INBOX ~{${size}+}\r\n`);
    client.wire.sayOctets(Buffer.from(`${octets}\0`, "latin1"));
    client.wire.say("\r\n");
    expect((await client.answer("b")).tagged).toContain(" 1] APPEND completed");
    expect((await client.ok("FETCH 1 (BODY.PEEK[])")).lines.at(-1)).toEndWith(` {${size}}\r\n${octets}\x80)`);
    client.close();
  });
}

test("what came with NUL is given without it over IMAP, at the same size, and as it came over POP3 and HTTP", async () => {
  const user = await server.addUser("nul");
  const lmtp = await LmtpClient.open(server.lmtp);
  expect(await lmtp.deliver("nul@localhost", message)).toStartWith("250 ");
  lmtp.close();

  const client = await ImapClient.inInbox(imap, "nul");
  const fetch = async (item: string) => {
    const response = (await client.ok(`FETCH 1 (${item})`)).lines[0]!;
    expect(response).not.toContain("\0");
    return response;
  };
  const whole = await fetch("RFC822.SIZE BODY.PEEK[]");
  const size = Number(/RFC822\.SIZE (\d+)/.exec(whole)![1]);
  expect(whole).toEndWith(`BODY[] {${size}}\r\n${whole.slice(-size - 1, -1)})`);
  expect(whole).toEndWith(`${shown(message)})`);
  expect(await fetch("BODY.PEEK[TEXT]<3.5>")).toEndWith(`BODY[TEXT]<3> {5}\r\n${shown(text).slice(3, 8)})`);
  expect(await fetch("BODY.PEEK[HEADER.FIELDS (SUBJECT)]")).toContain("Subject: n\x80ul\r\n");
  expect(await fetch("ENVELOPE")).toContain("{6}\r\nn\xef\xbf\xbdul");
  for (const [key, found] of [
    ["SUBJECT ul", "* SEARCH 1"],
    ["CHARSET UTF-8 SUBJECT {6+}\r\nn\ufffdul", "* SEARCH 1"],
    ["BODY two", "* SEARCH 1"],
    ["BODY onetwo", "* SEARCH"],
  ]) {
    expect((await client.ok(`SEARCH ${key}`)).lines).toEqual([found!]);
  }
  client.close();

  const inbox = await inboxOf(user);
  const eml = Buffer.from(await (await api(`${inbox}/messages/1/message.eml`)).arrayBuffer()).toString("latin1");
  expect(eml).toEndWith(message);
  expect(eml.length).toBe(size);
  expect((await json(`${inbox}/messages/1`)).subject).toBe("n\ufffdul");

  const pop3 = await LineClient.connect(server.pop3, false);
  await pop3.hear();
  for (const line of ["USER nul", "PASS secret", "RETR 1"]) {
    pop3.say(`${line}\r\n`);
    await pop3.hear();
  }
  let retrieved = "";
  for (let line = await pop3.hear(); line !== "."; line = await pop3.hear()) retrieved += `${line}\r\n`;
  expect(retrieved).toBe(eml);
  pop3.close();
});

test("an upload over HTTP keeps its NULs, and what is composed there has none", async () => {
  const inbox = await inboxOf(await server.addUser("upload"));
  const uploaded = await json(`${inbox}/messages`, { method: "POST", body: Buffer.from(message, "latin1") });
  const eml = await api(`${inbox}/messages/${uploaded.message.id}/message.eml`);
  expect(Buffer.from(await eml.arrayBuffer()).toString("latin1")).toEndWith(message);
  const headers = { "X-Access-Token": server.token, "Content-Type": "application/json" };
  const body = JSON.stringify({ to: [{ address: "a@example.com" }], subject: "n\0ul", text: "one\0two" });
  const composed = await json(`${inbox}/messages`, { method: "POST", headers, body });
  const octets = await (await api(`${inbox}/messages/${composed.message.id}/message.eml`)).bytes();
  expect(octets.includes(0)).toBe(false);
});
