import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RawClient } from "../../src/protocols/raw-client.fixture.ts";
import { startVictim, token, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
let victim: Victim;
let alice: string;
let mallory: string;
const inbox: Record<string, string> = {};

beforeAll(async () => {
  victim = await startVictim();
  await victim.addUser("bystander");
  alice = await victim.addUser("alice");
  mallory = await victim.addUser("mallory");
  for (const id of [alice, mallory]) {
    const { results } = (await (await victim.api(`/users/${id}/mailboxes`)).json()) as {
      results: { id: string; path: string }[];
    };
    inbox[id] = results.find(({ path }) => path === "INBOX")!.id;
  }
  const stored = await victim.api(`/users/${alice}/mailboxes/${inbox[alice]}/messages`, {
    method: "POST",
    headers: { "content-type": "message/rfc822" },
    body: "Subject: private\r\n\r\nalice's own\r\n",
  });
  expect(stored.status).toBe(200);
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return victim.api(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

/** Sends octets as they are; answers the status line and what follows. */
async function raw(text: string): Promise<string> {
  const client = await RawClient.open(victim.http);
  await client.write(Buffer.from(text, "latin1"));
  const status = (await client.line()) ?? "closed";
  client.close();
  return status;
}

describe("bodies", () => {
  test("bad, deep and endless JSON is 400 or 413", async () => {
    for (const body of [
      "{",
      "[]",
      "null",
      "1",
      '"x"',
      "\0",
      "{'a':1}",
      '{"username":',
      "\xff\xfe",
      "[".repeat(500_000),
      `${'{"a":'.repeat(300_000)}1${"}".repeat(300_000)}`,
    ]) {
      const response = await post("/users", body);
      expect(`${response.status} for ${body.slice(0, 20)}`).toMatch(/^(400|413) /);
      expect(((await response.json()) as { error: string }).error.length).toBeGreaterThan(0);
    }
    expect((await post("/users", `{"username":"${"x".repeat(2_000_000)}"}`)).status).toBe(413);
  });

  test("keys that mean something to JavaScript mean nothing here", async () => {
    for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
      await post("/users", `{"username":"x y","${key}":{"isAdmin":true,"success":true,"username":"y"}}`);
      await post("/users", `{"${key}":{"${key}":{"username":"polluted"}}}`);
      await victim.api(`/users?${key}[username]=x&${key}=y&limit=1`);
      expect((await victim.api(`/users/${key}`)).status).toBe(400);
    }
    const made = await post("/users", '{"__proto__":{"username":"polluted"},"password":"secret"}');
    expect(made.status).toBe(400);
    const answer = (await (await victim.api("/users")).json()) as { results: { username: string }[] };
    expect(answer.results.map(({ username }) => username).sort()).toEqual([
      "alice",
      "bystander",
      "demo@localhost",
      "mallory",
    ]);
  });

  test("a body that lies about its length, or never ends, keeps nobody waiting", async () => {
    const head = (length: string) =>
      `POST /users HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
    expect(await raw(`${head("Content-Length: 99999999999999")}{`)).toMatch(/^HTTP\/1.1 413/);
    expect(await raw(`${head("Content-Length: -1")}{}`)).toMatch(/^HTTP\/1.1 400|closed/);
    expect(await raw(`${head("Content-Length: 2\r\nTransfer-Encoding: chunked")}0\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400|closed/,
    );
    expect(await raw(`${head("Transfer-Encoding: chunked")}ffffffffffffffffff\r\n{`)).toMatch(/^HTTP\/1.1 4|closed/);
    const slow = await Promise.all(Array.from({ length: 200 }, () => RawClient.open(victim.http)));
    const slowest = await whileAttacked(victim, "bystander", async () => {
      for (const client of slow) await client.write(`${head("Content-Length: 1000")}{`);
      expect((await victim.api("/users")).status).toBe(200);
    });
    expect(slowest).toBeLessThan(prompt);
    for (const client of slow) client.close();
  }, 30_000);
});

describe("requests", () => {
  test("headers without end, control characters, nonsense: 4xx or the end of the connection", async () => {
    expect(await raw(`GET /users HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(200_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 4|closed/,
    );
    expect(await raw(`GET /${"x".repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1.1 4|closed/);
    expect(await raw(`GET /users HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(20_000)}\r\n`)).toMatch(
      /^HTTP\/1.1 4|closed/,
    );
    for (const nonsense of [
      "\0\0\0\0\r\n\r\n",
      "GET\r\n\r\n",
      "\x16\x03\x01\x02\x00\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "a LOGIN alice secret\r\n\r\n",
    ]) {
      expect([nonsense, await raw(nonsense)]).toEqual([nonsense, expect.stringMatching(/^HTTP\/1.1 (4|505)|closed/)]);
    }
  });

  test("paths that climb, and names that are no ids, lead nowhere", async () => {
    for (const path of [
      "/../../etc/passwd",
      "/..%2f..%2fetc%2fpasswd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/users/..%2f..%2fetc",
      "/users/%00",
      "//etc/passwd",
      "/users/%ff",
      "/users/%",
    ]) {
      expect(
        await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${token}\r\nConnection: close\r\n\r\n`),
      ).toMatch(/^HTTP\/1.1 (400|404)/);
    }
    expect((await victim.api("/users", { method: "PUT" })).status).toBe(405);
    expect((await victim.api("/users", { method: "PATCH" })).status).toBe(405);
    expect((await victim.api("/nowhere", { method: "DELETE" })).status).toBe(404);
  });

  test("cursors, limits and ranges that nobody gave are 400", async () => {
    const messages = `/users/${alice}/mailboxes/${inbox[alice]}/messages`;
    for (const query of [
      "next=garbage",
      "next=",
      "previous=%00",
      "limit=-1",
      "limit=1e9",
      "limit=NaN",
      `next=${"x".repeat(10_000)}`,
      "next=eyJhIjoxfQ==",
      "next=bnVsbA==",
    ]) {
      for (const path of ["/users", messages]) {
        const response = await victim.api(`${path}?${query}`);
        expect(`${response.status} for ${query}`).toMatch(query === "next=" ? /^(200|400) / : /^400 /);
      }
    }
    for (const id of ["0", "-1", "4294967296", "1e3", "1:*", "NaN", "%00"]) {
      expect(`${(await victim.api(`${messages}/${id}`)).status} for ${id}`).toMatch(/^(400|404) /);
    }
  });

  test("CR and LF in values reach no header and no other line", async () => {
    const evil = "x\r\nX-Evil: yes\r\n\r\n<b>";
    const query = encodeURIComponent(evil);
    for (const path of [`/users?query=${query}`, `/users?next=${query}`, `/users/${query}`]) {
      expect((await victim.api(path)).headers.get("x-evil")).toBeNull();
    }
    const stored = await post(
      `/users/${mallory}/mailboxes/${inbox[mallory]}/messages`,
      JSON.stringify({
        subject: evil,
        from: { name: evil, address: "a@b.c" },
        to: [{ name: evil, address: `d@e.f${evil}` }],
        text: "x",
        headers: [{ key: "X-A\r\nX-Evil", value: evil }],
        attachments: [
          { filename: `a"${evil}.txt`, contentType: `text/plain${evil}`, content: "eA==", encoding: "base64" },
        ],
      }),
    );
    const { message } = (await stored.json()) as { message?: { id: number } };
    if (message !== undefined) {
      const path = `/users/${mallory}/mailboxes/${inbox[mallory]}/messages/${message.id}`;
      const source = await (await victim.api(`${path}/message.eml`)).text();
      expect(source.slice(0, source.indexOf("\r\n\r\n"))).not.toMatch(/^X-Evil:/m);
      expect((await victim.api(`${path}/attachments/ATT00001`)).headers.get("x-evil")).toBeNull();
    } else expect(stored.status).toBe(400);
  });
});

describe("who may", () => {
  test("no token, a wrong one, a part of the right one: 403, and the same answer", async () => {
    const answers = new Set<string>();
    for (const guess of ["", "x", token.slice(0, -1), `${token}x`, token.toUpperCase(), "null", "undefined", "*"]) {
      for (const headers of [{ "x-access-token": guess }, { authorization: `Bearer ${guess}` }] as Record<
        string,
        string
      >[]) {
        const response = await fetch(`http://127.0.0.1:${victim.http}/users`, { headers });
        expect([guess, response.status]).toEqual([guess, 403]);
        answers.add(await response.text());
      }
    }
    expect(answers.size).toBe(1);
    expect((await fetch(`http://127.0.0.1:${victim.http}/users/${alice}`)).status).toBe(403);
  });

  test("a mailbox is reached by its owner's id only", async () => {
    const stolen = `/users/${mallory}/mailboxes/${inbox[alice]}`;
    expect((await victim.api(stolen)).status).toBe(404);
    expect((await victim.api(`${stolen}/messages`)).status).toBe(404);
    expect((await victim.api(`${stolen}/messages/1`)).status).toBe(404);
    expect((await victim.api(`${stolen}/messages/1/message.eml`)).status).toBe(404);
    expect((await victim.api(`${stolen}/messages`, { method: "DELETE" })).status).toBe(404);
    expect((await victim.api(stolen, { method: "DELETE" })).status).toBe(404);
    const moved = await victim.api(`/users/${alice}/mailboxes/${inbox[alice]}/messages/1`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ moveTo: inbox[mallory] }),
    });
    expect(moved.status).toBe(404);
    const own = (await (await victim.api(`/users/${alice}/mailboxes/${inbox[alice]}/messages`)).json()) as {
      total: number;
    };
    expect(own.total).toBe(1);
  });
});
