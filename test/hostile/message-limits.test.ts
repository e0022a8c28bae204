import { afterAll, beforeAll, expect, test } from "bun:test";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { Imap } from "./victim.ts";

/** How many messages a mailbox and an account may hold, said by every protocol in its own terms, and nothing changed by a refusal. */

let server: TestServer;
let users = 0;

beforeAll(async () => {
  server = await startTestServer({
    EIDER_LIMITS_MAILBOX_MESSAGES: "20",
    EIDER_LIMITS_ACCOUNT_MESSAGES: "30",
  });
});
afterAll(() => server.close());

/** A user with so many messages in INBOX, and a session in it. */
async function userWith(messages: number) {
  const name = `keeper${++users}`;
  const account = await server.addUser(name);
  const imap = await Imap.inInbox(server.imap, name);
  for (let at = 0; at < messages; at++) expect(await imap.append(`Subject: ${at}\r\n\r\n`)).toStartWith("OK");
  return { name, account, imap };
}

async function counts(imap: Imap, ...mailboxes: string[]): Promise<readonly number[]> {
  const found: number[] = [];
  for (const mailbox of mailboxes) {
    const [status] = await imap.ok(`STATUS ${mailbox} (MESSAGES)`);
    found.push(Number(/MESSAGES (\d+)/.exec(status!)![1]));
  }
  return found;
}

test("copies of a mailbox into itself end with NO [LIMIT]", async () => {
  const { imap } = await userWith(1);
  let said = "OK";
  for (let tries = 0; tries < 24 && said.startsWith("OK"); tries++) said = await imap.tagged("COPY 1:* INBOX");
  expect(said).toStartWith("NO [LIMIT]");
  expect(await counts(imap, "INBOX")).toEqual([16]);
  imap.close();
});

test("a full mailbox refuses APPEND, delivery, COPY and upload, and takes again what there is room for", async () => {
  const { name, account, imap } = await userWith(20);
  expect(await imap.append("Subject: more\r\n\r\n")).toStartWith("NO [LIMIT]");
  const lmtp = await LmtpClient.open(server.lmtp);
  expect(await lmtp.deliver(name, "Subject: more\r\n\r\n")).toStartWith("552 5.2.2 ");
  const { mailboxes } = (await server.services.accounts.ask(account, { kind: "mailboxes" })) as {
    mailboxes: readonly { path: string; id: string }[];
  };
  const inbox = mailboxes.find(({ path }) => path === "INBOX")!.id;
  const upload = await fetch(`http://127.0.0.1:${server.http}/users/${account}/mailboxes/${inbox}/messages`, {
    method: "POST",
    headers: { "x-access-token": server.token, "content-type": "message/rfc822" },
    body: "Subject: more\r\n\r\n",
  });
  expect([upload.status, ((await upload.json()) as { code: string }).code]).toEqual([403, "TooMany"]);
  await imap.ok("CREATE Other");
  await imap.ok("COPY 1:10 Other");
  expect(await imap.tagged("COPY 11 Other")).toStartWith("NO [LIMIT]");
  expect(await imap.append("Subject: more\r\n\r\n", "Other")).toStartWith("NO [LIMIT]");
  expect(await counts(imap, "INBOX", "Other")).toEqual([20, 10]);

  await imap.ok("MOVE 20 Other");
  expect(await lmtp.deliver(name, "Subject: still none\r\n\r\n")).toStartWith("552 5.2.2 ");
  await imap.ok("STORE 1:19 +FLAGS.SILENT (\\Deleted)");
  await imap.ok("EXPUNGE");
  expect(await lmtp.deliver(name, "Subject: room\r\n\r\n")).toStartWith("250 ");
  expect(await counts(imap, "INBOX", "Other")).toEqual([1, 11]);
  imap.close();
  lmtp.close();
});
