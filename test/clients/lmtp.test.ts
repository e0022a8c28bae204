import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createTransport } from "nodemailer";
import type { AccountId } from "../../src/domain/ids.ts";
import { runsWell } from "../runs-well.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { needs } from "./needs.ts";
import { runClient } from "./run-client.ts";

/** Delivery agents that are not ours, against the whole server.  */
let server: TestServer;
let user = "";
let account: AccountId;
let users = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  user = `receiver${++users}`;
  account = await server.addUser(user);
});

/** The messages of INBOX, as Latin-1. */
async function inbox(): Promise<string[]> {
  const { accounts } = server.services;
  const opened = await accounts.ask(account, { kind: "openMailbox", mailbox: { path: "INBOX" }, claimRecent: false });
  if (!opened.ok) throw new Error(opened.refusal.kind);
  const found: string[] = [];
  for (let rest = opened.uids; rest.length > 0; ) {
    const page = await accounts.ask(account, {
      kind: "readContent",
      mailbox: opened.mailbox.id,
      uids: rest,
      items: [{ kind: "section", part: [], text: "all" }],
      maxBytes: 1 << 24,
    });
    if (!page.ok) throw new Error(page.refusal.kind);
    for (let at = 0; at < page.uids.length; at++) {
      found.push(Buffer.from(page.bytes.subarray(page.offsets[at]!, page.offsets[at + 1]!)).toString("latin1"));
    }
    rest = page.rest;
  }
  return found;
}

needs("swaks")("swaks: a delivery", async () => {
  const { code, stdout } = await runClient([
    ...["swaks", "--protocol", "LMTP", "--server", `127.0.0.1:${server.lmtp}`, "--from", "a@b.example"],
    ...["--to", `${user}+x@LOCALHOST`, "--data", "Subject: x\n\nhello\n.\nend"],
  ]);
  expect(stdout).toContain("250 2.0.0 Message stored as ");
  expect(code).toBe(0);
  expect(await inbox()).toEqual([
    `Return-Path: <a@b.example>\r\nDelivered-To: ${user}+x@LOCALHOST\r\nSubject: x\r\n\r\nhello\r\n.\r\nend\r\n`,
  ]);
});

/** Swaks speaks TLS where Perl has the module for it. */
const swaksHasTls = runsWell("perl", "-MNet::SSLeay", "-e", "1");

needs("swaks", ...(swaksHasTls ? [] : ["Net::SSLeay"]))(
  "swaks: STARTTLS, two recipients of whom one is there, an attachment, pipelined",
  async () => {
    const message = ["Subject: x", "Content-Type: application/octet-stream", "", "0123456789 ".repeat(50)].join("\n");
    const { code, stdout } = await runClient([
      ...["swaks", "--protocol", "LMTP", "--tls", "--pipeline", "--server", `127.0.0.1:${server.lmtp}`],
      ...["--from", "a@b.example", "--to", `${user}@localhost,nobody@localhost`, "--data", message],
    ]);
    expect(stdout).toContain("=== TLS started with cipher TLSv1.3");
    expect(stdout).toContain("<~* 550 5.1.1 ");
    expect(stdout).toContain("250 2.0.0 Message stored as ");
    expect(code).toBe(0);
    expect((await inbox()).length).toBe(1);
  },
);

test("nodemailer: 10 MB over STARTTLS, with attachments, to two recipients", async () => {
  const other = `receiver${++users}`;
  await server.addUser(other);
  const transport = createTransport({
    host: "127.0.0.1",
    port: server.lmtp,
    lmtp: true,
    tls: { rejectUnauthorized: false },
  } as never);
  const content = Buffer.alloc(7_000_000, "attachment ");
  const sent = await transport.sendMail({
    from: "a@b.example",
    to: [`${user}@localhost`, `${other}@localhost`, "nobody@localhost"],
    subject: "big",
    attachments: [{ filename: "a.bin", content }],
  });
  expect(sent.accepted).toEqual([`${user}@localhost`, `${other}@localhost`]);
  expect(sent.rejected).toEqual(["nobody@localhost"]);
  const [message] = await inbox();
  const body = message!.slice(message!.indexOf("\r\n\r\n"));
  expect(Buffer.from(body, "base64").equals(content)).toBe(true);
});

const smtpSource = existsSync("/usr/sbin/smtp-source") ? "/usr/sbin/smtp-source" : "smtp-source";

needs(smtpSource)("smtp-source: 200 messages over 10 connections, each stored once", async () => {
  const { code, stderr } = await runClient([
    ...[smtpSource, "-L", "-d", "-s", "10", "-m", "200", "-l", "4096", "-f", "a@b.example"],
    ...["-t", `${user}@localhost`, `inet:127.0.0.1:${server.lmtp}`],
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const messages = await inbox();
  expect(messages.length).toBe(200);
  // The generator numbers its messages: they are no retries of one another.
  expect(new Set(messages).size).toBe(200);
});
