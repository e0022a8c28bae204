import { afterAll, beforeAll, expect, test } from "bun:test";
import { LmtpClient } from "../lmtp-client.ts";
import { selected } from "../nodes/picture.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { messageNamed, namesIn } from "./inbox.ts";

/** More changes than may wait for one mailbox: each protocol says so in its own words, and what was taken is done. */
let server: TestServer;
let account: string;

beforeAll(async () => {
  server = await startTestServer({ EIDER_LIMITS_QUEUE: "1" });
  account = await server.addUser("busy");
});
afterAll(() => server.close());

test("LMTP: 451 4.3.2 for what does not fit; what was answered 250 is there once, the rest when it is sent again", async () => {
  const clients = await Promise.all(Array.from({ length: 30 }, () => LmtpClient.open(server.lmtp)));
  const taken: string[] = [];
  const left: string[] = [];
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      clients.map(async (client, n) => {
        const name = `m${round}-${n}`;
        const reply = await client.deliver("busy@localhost", messageNamed(name));
        if (reply?.startsWith("250 2.0.0 ")) taken.push(name);
        else {
          expect(reply).toBe("451 4.3.2 Mailbox is busy, try again later");
          left.push(name);
        }
      }),
    );
  }
  expect(taken.length).toBeGreaterThan(0);
  expect(left.length).toBeGreaterThan(0);
  expect((await namesIn(server.imap, "busy@localhost")).sort()).toEqual([...taken].sort());
  for (const name of left) {
    expect(await clients[0]!.deliver("busy@localhost", messageNamed(name))).toStartWith("250 2.0.0 ");
  }
  expect((await namesIn(server.imap, "busy@localhost")).sort()).toEqual([...taken, ...left].sort());
  for (const client of clients) client.close();
});

test("IMAP: NO [UNAVAILABLE], the session goes on, and nobody waits who only reads", async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => selected(server.imap, "busy@localhost")));
  const answers = (
    await Promise.all(
      clients.map(async (client, n) => {
        const told: string[] = [];
        for (let round = 0; round < 10; round++)
          told.push((await client.ask(`UID STORE 1 +FLAGS (k${n}-${round})`)).tagged);
        return told;
      }),
    )
  ).flat();
  const busy = answers.filter((line) => !/^\S+ OK /.test(line));
  expect(busy.length).toBeGreaterThan(0);
  for (const line of busy) expect(line).toMatch(/^\S+ NO \[UNAVAILABLE\] Server is busy, try again later$/);
  for (const client of clients) {
    await client.ok("FETCH 1 (FLAGS)");
    client.close();
  }
});

test("HTTP: 503 ServerBusy with Retry-After, and what was answered 200 is there", async () => {
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${server.http}/users/${account}/mailboxes${path}`, {
      ...init,
      headers: { "x-access-token": server.token, "content-type": "application/json" },
    });
  const made: string[] = [];
  let refused = 0;
  await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const answer = await ask("", { method: "POST", body: JSON.stringify({ path: `Folder ${n}` }) });
      const { code } = (await answer.json()) as { code?: string };
      if (answer.status === 200) made.push(`Folder ${n}`);
      else {
        expect([answer.status, code, answer.headers.get("retry-after")]).toEqual([
          503,
          "ServerBusy",
          expect.any(String),
        ]);
        refused++;
      }
    }),
  );
  expect(made.length).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  const { results } = (await (await ask("")).json()) as { results: { path: string }[] };
  const there = results.map(({ path }) => path).filter((path) => path.startsWith("Folder "));
  expect(there.sort()).toEqual(made.sort());
});
