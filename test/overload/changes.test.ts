import { afterEach, expect, test } from "bun:test";
import { messageNamed, namesIn } from "../faults/inbox.ts";
import { loggedIn } from "../nodes/picture.ts";
import { startTestServer, type TestServer } from "../server.ts";
import type { ImapClient } from "../transcripts/imap-client.ts";
import { readMetrics } from "./gauges.ts";

/** More changes, or bytes of them, than may be under way: by IMAP and by HTTP, each says so in its own words. */
let server: TestServer;
afterEach(() => server.close());

const users = ["alice", "bob", "carol", "dave", "erin"];
/** Of a message that goes to its account in one piece. */
const padding = 100_000;

/** How an attempt to store a message ended; anything but these is an error. */
type Ended = "stored" | "busy";

async function append(client: ImapClient, message: string): Promise<Ended> {
  const { tagged } = await client.ask(`APPEND INBOX {${message.length}+}\r\n${message}`, 60_000);
  if (/^\S+ OK \[APPENDUID /.test(tagged)) return "stored";
  expect(tagged).toMatch(/^\S+ NO \[UNAVAILABLE\] Server is busy, try again later$/);
  return "busy";
}

async function upload(user: string, mailbox: string, message: string): Promise<Ended> {
  const answer = await fetch(`http://127.0.0.1:${server.http}/users/${user}/mailboxes/${mailbox}/messages`, {
    method: "POST",
    headers: { "x-access-token": server.token, "content-type": "message/rfc822" },
    body: message,
  });
  const told = (await answer.json()) as { code?: string };
  if (answer.status === 200) return "stored";
  expect([answer.status, told.code]).toEqual([503, "ServerBusy"]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  return "busy";
}

type Way = (user: number, message: string) => Promise<Ended>;

async function ways(): Promise<{ imap: () => Promise<Way>; http: () => Promise<Way>; end: () => void }> {
  const ids = await Promise.all(users.map((user) => server.addUser(user)));
  const clients: ImapClient[] = [];
  return {
    imap: async () => {
      const own = await Promise.all(users.map((user) => loggedIn(server.imap, `${user}@localhost`)));
      clients.push(...own);
      return (user, message) => append(own[user]!, message);
    },
    http: async () => {
      const inboxes = await Promise.all(
        ids.map(async (id) => {
          const listed = await fetch(`http://127.0.0.1:${server.http}/users/${id}/mailboxes`, {
            headers: { "x-access-token": server.token },
          });
          const { results } = (await listed.json()) as { results: { id: string; path: string }[] };
          return results.find(({ path }) => path === "INBOX")!.id;
        }),
      );
      return (user, message) => upload(ids[user]!, inboxes[user]!, message);
    },
    end: () => {
      for (const client of clients) client.close();
    },
  };
}

/**
 * Everybody stores messages on several connections until two of each were taken; meanwhile somebody reads. Answers
 * how often it was busy, and the most changes and bytes that were seen under way.
 */
async function crowd(way: readonly Way[], bystander: ImapClient) {
  const stored = users.map((): string[] => []);
  let busy = 0;
  let working = true;
  const seen = { changes: 0, bytes: 0, reads: 0 };
  const watching = (async () => {
    while (working) {
      const metric = await readMetrics(server);
      seen.changes = Math.max(seen.changes, metric("eider_changes"));
      seen.bytes = Math.max(seen.bytes, metric("eider_change_bytes"));
      for (const command of ["NOOP", "SELECT INBOX", "FETCH 1 BODY.PEEK[]"]) await bystander.ok(command);
      seen.reads++;
    }
  })();
  await Promise.all(
    way.flatMap((store, which) =>
      users.map(async (_, user) => {
        for (let own = 0, tries = 0; own < 2; tries++) {
          const name = `w${which}-${user}-${tries}`;
          if ((await store(user, messageNamed(name, padding))) === "busy") busy++;
          else {
            own++;
            stored[user]!.push(name);
          }
        }
      }),
    ),
  );
  working = false;
  await watching;
  for (const [user, names] of stored.entries()) {
    expect((await namesIn(server.imap, `${users[user]}@localhost`)).sort()).toEqual(names.sort());
  }
  const metric = await readMetrics(server);
  expect([metric("eider_changes"), metric("eider_change_bytes")]).toEqual([0, 0]);
  const counted = ["imap", "http"].map((by) => metric(`eider_refused_total{protocol="${by}",reason="busy"}`));
  expect(counted[0]! + counted[1]!).toBe(busy);
  return { busy, counted, seen };
}

async function bystander(): Promise<ImapClient> {
  await server.addUser("reader");
  const client = await loggedIn(server.imap, "reader@localhost");
  expect(await append(client, messageNamed("read-me"))).toBe("stored");
  return client;
}

test("changes: APPEND hears NO [UNAVAILABLE], uploads 503 with Retry-After; who reads is answered, what was taken is there once", async () => {
  server = await startTestServer({ EIDER_LIMITS_CHANGES: "3" });
  const reader = await bystander();
  const { imap, http, end } = await ways();
  const lanes = [...(await Promise.all(Array.from({ length: 4 }, imap))), ...(await Promise.all([1, 2].map(http)))];
  const { counted, seen } = await crowd(lanes, reader);
  for (const count of counted) expect(count).toBeGreaterThan(0);
  expect(seen.changes).toBeLessThanOrEqual(3);
  expect(seen.reads).toBeGreaterThan(0);
  reader.close();
  end();
});

test("bytes: messages on their way to accounts take an eighth of the memory limit, and no more", async () => {
  server = await startTestServer({ EIDER_LIMITS_MEMORY: "16M", EIDER_LIMITS_MESSAGE_SIZE: "256K" });
  const reader = await bystander();
  const { imap, end } = await ways();
  const lanes = await Promise.all(Array.from({ length: 8 }, imap));
  const { busy, seen } = await crowd(lanes, reader);
  expect(busy).toBeGreaterThan(0);
  expect(seen.bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
  reader.close();
  end();
});
