import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChildServer, startChildServer } from "../child-server.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer } from "../server.ts";

/** Text of a message that says which it is, and is long enough to be torn. */
function messageText(name: string): string {
  return `From: a@example.org\r\nSubject: ${name}\r\nMessage-ID: <${name}@example.org>\r\n\r\n${`${name} `.repeat(400)}\r\n`;
}

/** Every subject in INBOX with its whole text, over IMAP. */
async function inbox(port: number, user: string): Promise<Map<string, string[]>> {
  const { ImapFlow } = await import("imapflow");
  const client = new ImapFlow({
    host: "127.0.0.1",
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: "secret" },
    tls: { rejectUnauthorized: false },
    logger: false,
  });
  await client.connect();
  const found = new Map<string, string[]>();
  await client.mailboxOpen("INBOX");
  for await (const message of client.fetch("1:*", { source: true })) {
    const source = message.source!.toString("latin1");
    const name = /^Subject: (.*)\r$/m.exec(source)![1]!;
    found.set(name, [...(found.get(name) ?? []), source]);
  }
  await client.logout();
  return found;
}

async function addUser(server: ChildServer, token: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.http}/users`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-access-token": token },
    body: JSON.stringify({ username: "crash", password: "secret", address: "crash@localhost", allowUnsafe: true }),
  });
  expect(await response.json()).toMatchObject({ success: true });
}

/** 50 connections deliver until the server is gone; answers what was acknowledged and what was tried. */
async function deliverUntilGone(
  server: ChildServer,
  round: string,
  after: number,
): Promise<{ acknowledged: string[]; tried: string[] }> {
  const acknowledged: string[] = [];
  const tried: string[] = [];
  let killed = false;
  const clients = await Promise.all(Array.from({ length: 50 }, () => LmtpClient.open(server.lmtp)));
  await Promise.all(
    clients.map(async (client, c) => {
      for (let n = 0; !killed; n++) {
        const name = `${round}-${c}-${n}`;
        tried.push(name);
        const reply = await client.deliver("crash@localhost", messageText(name));
        if (reply?.startsWith("250")) acknowledged.push(name);
        if (reply === null) break;
        if (acknowledged.length >= after && !killed) {
          killed = true;
          await server.kill();
        }
      }
      client.close();
    }),
  );
  return { acknowledged, tried };
}

describe("kill -9", () => {
  let data: string;
  let running: ChildServer | null = null;
  const token = "0123456789abcdef0123456789abcdef";
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), "eider-kill-"));
  });
  afterAll(async () => {
    await running?.kill();
    rmSync(data, { recursive: true, force: true });
  });

  test("of the process during 50 parallel deliveries, 20 rounds: every message answered 250 is there once", async () => {
    const settings = { EIDER_DATA: join(data, "d"), EIDER_HTTP_TOKEN: token, EIDER_LIMITS_QUEUE: "10000" };
    const acknowledged: string[] = [];
    const tried: string[] = [];
    let server = await startChildServer(settings);
    await addUser(server, token);
    for (let round = 0; round < 20; round++) {
      const told = await deliverUntilGone(server, `r${round}`, 5 + round * 7);
      acknowledged.push(...told.acknowledged);
      tried.push(...told.tried);
      server = await startChildServer(settings);
      running = server;
    }
    const found = await inbox(server.imap, "crash");
    for (const name of acknowledged) {
      expect(found.get(name)?.length).toBe(1);
      expect(found.get(name)![0]!.endsWith(messageText(name))).toBe(true);
    }
    // What was not acknowledged may be there, but not twice, and nothing is there that nobody sent.
    for (const [name, copies] of found) expect([copies.length, tried.includes(name)]).toEqual([1, true]);
    expect(acknowledged.length).toBeGreaterThan(20 * 5);
    expect(await server.stop()).toBe(0);
  }, 180_000);

  test("of a shard worker during 50 parallel deliveries, 20 rounds: the same, and the connections live", async () => {
    const server = await startTestServer({ EIDER_LIMITS_QUEUE: "10000" });
    try {
      await server.addUser("worker");
      const clients = await Promise.all(Array.from({ length: 50 }, () => LmtpClient.open(server.lmtp)));
      const replies = new Map<string, string | null>();
      for (let round = 0; round < 20; round++) {
        const deliveries = clients.map(async (client, c) => {
          const name = `w${round}-${c}`;
          replies.set(name, await client.deliver("worker@localhost", messageText(name)));
        });
        await server.server.workers.killShard(0);
        await Promise.all(deliveries);
      }
      for (const client of clients) client.close();
      const found = await inbox(server.imap, "worker");
      for (const [name, reply] of replies) {
        expect(reply === null ? "no reply" : reply.slice(0, 3)).toMatch(/^(250|451)$/);
        if (reply!.startsWith("250")) expect(found.get(name)?.length).toBe(1);
        else expect(found.get(name)?.length ?? 0).toBeLessThanOrEqual(1);
      }
      expect([...replies.values()].filter((reply) => reply!.startsWith("250")).length).toBeGreaterThan(500);
    } finally {
      await server.close();
    }
  }, 120_000);

  test("of a CPU worker: its jobs are done by its successor", async () => {
    const server = await startTestServer();
    try {
      await server.addUser("cpu");
      const client = await LmtpClient.open(server.lmtp);
      for (let n = 0; n < 20; n++)
        expect(await client.deliver("cpu@localhost", messageText(`c${n}`))).toStartWith("250");
      client.close();
      const reading = inbox(server.imap, "cpu");
      await server.server.workers.killCpu(0);
      expect((await reading).size).toBe(20);
    } finally {
      await server.close();
    }
  }, 60_000);
});
