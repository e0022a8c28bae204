import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { selfSigned } from "../../operation/self-signed.ts";
import { bodyOf, rootToken, someMailbox, someUser, startBareHttp, wellDetails } from "./bare-server.testing.ts";

type Bare = Awaited<ReturnType<typeof startBareHttp>>;
const running: Bare[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ listening }) => listening.drain(0)));
});
async function start(parts: Parameters<typeof startBareHttp>[0] = {}): Promise<Bare> {
  const server = await startBareHttp(parts);
  running.push(server);
  return server;
}

describe("a token", () => {
  test("says nothing of itself in the log of changes; the caller's session and client stand there", async () => {
    const { request, logged } = await start({ sessions: { end: async () => true } });
    await request("/sessions/sess_00?sess=s1&ip=203.0.113.3", { method: "DELETE" });
    expect(logged.map(({ level, fields }) => [level, fields])).toEqual([
      [
        "info",
        expect.objectContaining({
          operation: "endSession",
          by: "root",
          remote: "127.0.0.1",
          sess: "s1",
          ip: "203.0.113.3",
        }),
      ],
    ]);
    expect(JSON.stringify(logged)).not.toContain(rootToken);
  });

  test("is needed, and may come in three ways", async () => {
    const { port, request } = await start();
    const anonymous = await request("/authenticated", { token: null });
    expect(anonymous.status).toBe(403);
    expect(await anonymous.json()).toEqual({ error: "Invalid accessToken value", code: "InvalidToken" });
    const url = `http://127.0.0.1:${port}/authenticated`;
    for (const answer of [
      await fetch(`${url}?accessToken=${rootToken}`),
      await fetch(url, { headers: { "x-access-token": rootToken } }),
      await fetch(url, { headers: { authorization: `Bearer ${rootToken}` } }),
    ]) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ success: true });
    }
  });

  test("that is wrong is refused before the body is read, and is not logged", async () => {
    const { request, logged } = await start();
    const answer = await request("/users", {
      method: "POST",
      token: "guess-1234",
      body: "{",
      headers: { "content-type": "application/json" },
    });
    expect(await bodyOf(answer)).toMatchObject({ code: "InvalidToken" });
    expect(logged.map(({ level }) => level)).toEqual(["warn"]);
    expect(JSON.stringify(logged)).not.toContain("guess-1234");
  });

  test("is not needed for what is open to anyone", async () => {
    const { request } = await start();
    for (const path of ["/", "/health", "/ready", "/openapi.json"]) {
      expect((await request(path, { token: null })).status).toBe(200);
    }
    for (const path of ["/health/details", "/metrics", "/users", "/sessions"]) {
      expect((await request(path, { token: null })).status).toBe(403);
    }
  });
});

describe("paths and methods", () => {
  test("that are not there are 404, other methods 405 with Allow", async () => {
    const { request } = await start();
    const missing = await request("/nothing");
    expect([missing.status, (await bodyOf(missing)).code]).toEqual([404, "ResourceNotFound"]);
    const wrong = await request("/sessions", { method: "POST" });
    expect([wrong.status, wrong.headers.get("allow"), (await bodyOf(wrong)).code]).toEqual([
      405,
      "GET, HEAD",
      "MethodNotAllowed",
    ]);
  });

  test("HEAD is GET without a body", async () => {
    const { request } = await start();
    const answer = await request("/openapi.json", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(await answer.text()).toBe("");
  });

  test("browsers of other origins may ask, if the operator lets them", async () => {
    const open = await start();
    const preflight = await open.request("/users", {
      method: "OPTIONS",
      token: null,
      headers: { origin: "https://a.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("X-Access-Token");
    const closed = await start({ options: { corsOrigins: ["https://mail.example"] } });
    const origin = async (origin: string) =>
      (await closed.request("/health", { headers: { origin } })).headers.get("access-control-allow-origin");
    expect(await origin("https://mail.example")).toBe("https://mail.example");
    expect(await origin("https://evil.example")).toBeNull();
  });

  test("every answer says what it is and stays out of caches", async () => {
    const { request } = await start();
    for (const path of ["/", "/health", "/nothing", "/users?limit=0"]) {
      const { headers } = await request(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
  });
});

describe("failures", () => {
  test("of the server are 500 without internals, and logged with them", async () => {
    const failing = () => {
      throw new Error("connection to db-7.internal lost");
    };
    const { request, logged, commands } = await start({ ask: failing });
    const answer = await request(`/users/${someUser}/mailboxes`);
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(JSON.parse(text).code).toBe("InternalServerError");
    expect(text).not.toContain("db-7");
    expect(logged.map(({ level, fields }) => [level, (fields as { operation: string }).operation])).toEqual([
      ["error", "getMailboxes"],
    ]);
    expect(commands).toEqual([{ command: "getMailboxes", result: "error" }]);
  });

  test("that pass are 503 with Retry-After", async () => {
    const { request } = await start({ ask: () => ({ ok: false, refusal: { kind: "busy", why: "queue is full" } }) });
    const answer = await request(`/users/${someUser}/mailboxes`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await bodyOf(answer)).code).toBe("ServerBusy");
  });

  test("of a login that was limited are 429 with Retry-After", async () => {
    const { request } = await start({
      directory: { authenticate: async () => ({ ok: false, why: "rateLimited", retryAfter: 7.2 }) },
    });
    const body = JSON.stringify({ username: "a", password: "b" });
    const answer = await request("/authenticate", { method: "POST", body });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "8"]);
    expect((await bodyOf(answer)).code).toBe("RateLimitedError");
  });

  test("of parameters name them", async () => {
    const { request } = await start();
    const answer = await request("/users?limit=1000&next=%25", {});
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: '"limit" must be less than or equal to 250',
      code: "InputValidationError",
      details: { limit: '"limit" must be less than or equal to 250' },
    });
  });

  test("encryption that cannot be done is refused, not forgotten", async () => {
    const { request } = await start();
    const body = JSON.stringify({ username: "a", password: "b", encryptMessages: true, pubKey: "x" });
    const answer = await request("/users", { method: "POST", body });
    expect(answer.status).toBe(400);
    expect((await bodyOf(answer)).details).toHaveProperty("encryptMessages");
  });
});

describe("the client's address", () => {
  const seen: string[] = [];
  const directory = {
    authenticate: async ({ remote }: { remote: string }) => {
      seen.push(remote);
      return { ok: false as const, why: "badCredentials" as const };
    },
  };
  const login = (server: Bare, init: { ip?: string; forwarded?: string }) =>
    server.request("/authenticate", {
      method: "POST",
      body: JSON.stringify({ username: "a", password: "b", ...(init.ip ? { ip: init.ip } : {}) }),
      headers: init.forwarded ? { "x-forwarded-for": init.forwarded } : {},
    });

  test("is the connection's, what a trusted proxy says, or what the caller says of its own client", async () => {
    seen.length = 0;
    const direct = await start({ directory });
    const proxied = await start({ directory, options: { trustedProxies: ["127.0.0.0/8"] } });
    expect((await login(direct, { forwarded: "203.0.113.1" })).status).toBe(403);
    await login(proxied, { forwarded: "203.0.113.1" });
    await login(direct, { ip: "203.0.113.2" });
    expect(seen).toEqual(["127.0.0.1", "203.0.113.1", "203.0.113.2"]);
  });
});

describe("health", () => {
  test("is 503 when the node is down, looked at once a second at most", async () => {
    let looks = 0;
    let now = 0;
    const { request } = await start({
      services: {
        clock: { now: () => 1_700_000_000_000, monotonic: () => now, after: () => () => {} },
        health: async () => {
          looks++;
          return { ...wellDetails, status: looks === 1 ? "ok" : "down" };
        },
      },
    });
    const well = await request("/health", { token: null });
    expect([well.status, await well.json()]).toEqual([
      200,
      { success: true, status: "ok", timestamp: "2023-11-14T22:13:20.000Z", version: "1.2.3" },
    ] as never);
    for (let i = 0; i < 5; i++) await request("/health", { token: null });
    expect(looks).toBe(1);
    now = 1001;
    const down = await request("/health", { token: null });
    expect([down.status, (await bodyOf(down)).status]).toEqual([503, "down"]);
  });

  test("in detail is for those with a token", async () => {
    const { request } = await start();
    const details = await (await request("/health/details")).json();
    expect(details).toMatchObject({
      success: true,
      version: "1.2.3",
      connections: { imap: 2 },
      database: { ok: true },
    });
  });

  test("ready is 503 while the node starts or leaves", async () => {
    const { request } = await start({ services: { ready: () => false } });
    const answer = await request("/ready", { token: null });
    expect([answer.status, await answer.json()]).toEqual([503, { success: false, ready: false }] as never);
  });

  test("metrics are open on loopback only where the operator says so, and never through a proxy", async () => {
    const closed = await start();
    expect(await (await closed.request("/metrics")).text()).toBe("eider_up 1\n");
    expect((await closed.request("/metrics", { token: null })).status).toBe(403);
    const open = await start({ options: { openMetricsOnLoopback: true } });
    expect((await open.request("/metrics", { token: null })).status).toBe(200);
    expect(
      (await open.request("/metrics", { token: null, headers: { "x-forwarded-for": "203.0.113.1" } })).status,
    ).toBe(403);
    expect((await open.request("/users", { token: null })).status).toBe(403);
  });
});

describe("limits", () => {
  const directory = { userById: async () => ({}) as never };
  test("more requests than may run at one time are told to come back", async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const server = await start({
      directory,
      options: { maxRequests: 1 },
      async ask() {
        entered.resolve();
        await gate.promise;
        return { ok: true, seq: 1, quota: 0, used: 0, mailboxes: [], subscriptions: [] };
      },
    });
    const first = server.request(`/users/${someUser}/mailboxes`);
    await entered.promise;
    const second = await server.request("/health");
    expect([second.status, (await bodyOf(second)).code]).toEqual([503, "ServerBusy"]);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await server.request("/health")).status).toBe(200);
  });

  test("an answer on its way is finished before the node leaves", async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const { listening, request } = await start({
      directory,
      async ask() {
        entered.resolve();
        await gate.promise;
        return { ok: true, seq: 1, quota: 0, used: 0, mailboxes: [], subscriptions: [] };
      },
    });
    const answer = request(`/users/${someUser}/mailboxes`);
    await entered.promise;
    const drained = listening.drain(10_000);
    await expect(request("/health")).rejects.toThrow();
    gate.resolve();
    expect(await (await answer).json()).toEqual({ success: true, results: [] });
    await drained;
    expect(listening.connections()).toBe(0);
  });

  test("a node whose clients do not let go leaves on time", async () => {
    let late = () => {};
    const entered = Promise.withResolvers<void>();
    const { listening, request } = await start({
      services: {
        clock: {
          now: Date.now,
          monotonic: () => 0,
          after(_, run) {
            late = run;
            return () => {};
          },
        },
      },
      ask: () => {
        entered.resolve();
        return new Promise(() => {});
      },
    });
    const never = request(`/users/${someUser}/mailboxes`).catch((error) => error);
    await entered.promise;
    const drained = listening.drain(1);
    late();
    await drained;
    expect(await never).toBeInstanceOf(Error);
  });
});

describe("an upload", () => {
  const path = `/users/${someUser}/mailboxes/${someMailbox}/messages`;
  const stored = (size: number) => ({
    ok: true,
    seq: 1,
    events: [{ kind: "appended", uid: 7, mailbox: someMailbox, size }],
  });

  test("that is small is one request, with the flags and date that were asked for", async () => {
    const asked: unknown[] = [];
    const { request } = await start({
      ask: (request) => {
        asked.push(request);
        return stored(5);
      },
    });
    const answer = await request(`${path}?unseen=yes&flagged=1&date=2024-01-02T03:04:05Z`, {
      method: "POST",
      body: "a: b\n",
    });
    expect(await answer.json()).toEqual({ success: true, message: { id: 7, mailbox: someMailbox, size: 5 } });
    expect(asked).toEqual([
      {
        kind: "change",
        request: expect.stringMatching(/^[0-9a-f]{24}$/),
        command: {
          kind: "batch",
          commands: [
            {
              kind: "append",
              mailbox: { id: someMailbox },
              flags: ["\\Flagged"],
              internalDate: Date.UTC(2024, 0, 2, 3, 4, 5),
              source: { kind: "bytes", bytes: new Uint8Array(Buffer.from("a: b\n")) },
            },
          ],
        },
      },
    ]);
  });

  test("sent again under its Idempotency-Key is the same request", async () => {
    const wishes: string[] = [];
    const { request } = await start({
      ask: (request) => {
        if (request.kind === "change") wishes.push(request.request);
        return stored(1);
      },
    });
    for (const key of ["k1", "k1", "k2"]) {
      await (await request(path, { method: "POST", body: "x", headers: { "idempotency-key": key } })).json();
    }
    expect(wishes[0]).toBe(wishes[1]!);
    expect(wishes[2]).not.toBe(wishes[0]!);
  });

  test("that is large goes on piece by piece, each when the one before it was taken", async () => {
    const size = 900 * 1024;
    const pieces: Uint8Array[] = [];
    const kinds: string[] = [];
    let writing = 0;
    const { request } = await start({
      async ask(request) {
        kinds.push(request.kind);
        if (request.kind !== "uploadWrite") return request.kind === "change" ? stored(size) : { ok: true };
        expect(++writing).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        pieces.push(request.bytes);
        writing--;
        return { ok: true };
      },
    });
    const body = crypto.getRandomValues(new Uint8Array(64 * 1024));
    const message = Buffer.concat(Array.from({ length: size / body.length + 1 }, () => body)).subarray(0, size);
    const answer = await request(path, { method: "POST", body: message });
    expect((await bodyOf(answer)).message.size).toBe(size);
    expect(Buffer.concat(pieces).equals(message)).toBe(true);
    expect(kinds[0]).toBe("uploadBegin");
    expect(kinds.at(-1)).toBe("change");
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(size);
  });

  test("over the limit is refused and forgotten, announced or not", async () => {
    const kinds: string[] = [];
    const { request } = await start({
      options: { messageSize: 300 * 1024 },
      ask: (request) => {
        kinds.push(request.kind);
        return { ok: true };
      },
    });
    const announced = await request(path, { method: "POST", body: new Uint8Array(400 * 1024) });
    expect([announced.status, (await bodyOf(announced)).code]).toEqual([413, "RequestTooBig"]);
    expect(kinds).toEqual([]);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 7; i++) controller.enqueue(new Uint8Array(64 * 1024));
        controller.close();
      },
    });
    const chunked = await request(path, { method: "POST", body: stream });
    expect(chunked.status).toBe(413);
    expect(kinds.at(-1)).toBe("uploadAbort");
    expect(kinds).not.toContain("change");
  });

  test("whose client goes away in the middle is not stored", async () => {
    const aborted = Promise.withResolvers<void>();
    const kinds: string[] = [];
    const { port } = await start({
      ask: (request) => {
        kinds.push(request.kind);
        if (request.kind === "uploadAbort") aborted.resolve();
        return { ok: true };
      },
    });
    const socket = connect(port, "127.0.0.1");
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${rootToken}\r\nContent-Type: message/rfc822\r\nContent-Length: 800000\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(400_000, "x")]), () => socket.destroy());
    await aborted.promise;
    expect(kinds).toContain("uploadWrite");
    expect(kinds).not.toContain("change");
  });

  test("of nothing is refused", async () => {
    const { request } = await start();
    const answer = await request(path, { method: "POST" });
    expect([answer.status, (await bodyOf(answer)).code]).toEqual([400, "EmptyMessage"]);
  });

  test("of parts is composed, without looking at files or addresses in them", async () => {
    let source = "";
    const { request } = await start({
      ask: (request) => {
        if (request.kind === "change" && request.command.kind === "batch") {
          const [append] = request.command.commands;
          if (append?.kind === "append" && append.source.kind === "bytes") {
            source = Buffer.from(append.source.bytes).toString();
          }
        }
        return stored(source.length);
      },
    });
    const answer = await request(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        from: { name: "Zo\u00eb", address: "zoe@example.com" },
        to: [{ address: "a@example.com" }],
        bcc: [{ address: "secret@example.com" }],
        subject: "Hi\r\nX-Injected: yes",
        text: "Hello",
        html: '<img src="file:///etc/passwd"><p>Hello</p>',
        headers: [{ key: "X-Mine", value: "1\r\nX-Also-Injected: 2" }],
        attachments: [
          {
            filename: "a.txt",
            content: Buffer.from("attached").toString("base64"),
            path: "/etc/passwd",
            href: "http://127.0.0.1/",
          },
        ],
      }),
    });
    expect(answer.status).toBe(200);
    expect(source).toContain("Subject: Hi X-Injected: yes\r\n");
    expect(source).not.toMatch(/^X-(Also-)?Injected/im);
    expect(source).toContain("Bcc: secret@example.com\r\n");
    expect(source).toContain(Buffer.from("attached").toString("base64"));
    expect(source).not.toContain("root:");
    expect(source).toMatch(/^Message-ID: <[0-9a-f]{32}@mail\.example>\r$/m);
    expect(source.replaceAll("\r\n", "")).not.toContain("\n");
  });
});

test("a message that is expunged while it is read breaks off, and is not taken for a whole one", async () => {
  let pieces = 0;
  const { request } = await start({
    ask: () =>
      ++pieces > 1
        ? { ok: true, seq: 2, uids: new Uint32Array(), offsets: new Uint32Array(), sizes: new Uint32Array(), rest: [] }
        : {
            ok: true,
            seq: 1,
            uids: Uint32Array.of(1),
            offsets: Uint32Array.of(0, 1024 * 1024),
            sizes: Uint32Array.of(2 * 1024 * 1024),
            bytes: new Uint8Array(1024 * 1024),
            rest: [],
          },
  });
  const reading = request(`/users/${someUser}/mailboxes/${someMailbox}/messages/1/message.eml`);
  await expect(reading.then((response) => response.arrayBuffer())).rejects.toThrow();
  expect(pieces).toBe(2);
});

describe("TLS", () => {
  const certificate = (name: string) =>
    selfSigned({ names: [name], organization: "Eider", from: new Date("2020-01-01"), until: new Date("2100-01-01") });
  /** The name in the certificate that a new connection is shown. */
  const shown = (port: number) =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on("error", reject);
    });

  test("serves a renewed certificate on the same port, and keeps the old one where the new one is none", async () => {
    let current = certificate("first.example");
    const { listening, request } = await start({ services: { tls: () => current }, options: { tlsPort: 0 } });
    const { port } = listening.addresses.find(({ tls }) => tls)!;
    expect(await shown(port)).toBe("first.example");
    current = certificate("second.example");
    await listening.renewCertificate();
    expect(await shown(port)).toBe("second.example");
    current = { key: "no key", cert: "no certificate" };
    await expect(listening.renewCertificate()).rejects.toThrow();
    expect(await shown(port)).toBe("second.example");
    expect((await request("/ready")).status).toBe(200);
  });
});
