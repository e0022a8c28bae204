import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectTls } from "node:tls";
import { selfSigned } from "../../operation/self-signed.ts";
import { RawClient } from "../raw-client.fixture.ts";
import { bodyOf, rootToken, someUser, startBareHttp } from "./bare-server.testing.ts";

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

describe("Host", () => {
  const answered = async (port: number, head: string) => {
    const client = await RawClient.open(port);
    await client.write(`${head}\r\n\r\n`);
    const status = await client.line();
    client.close();
    return status;
  };

  test("that names no host is 400, whatever is asked for", async () => {
    const { port, logged } = await start();
    for (const host of [
      "[",
      "[::1",
      "x:99999",
      "x:y",
      "%zz",
      "256.256.256.256",
      "1.2.3.4.5",
      "a b",
      "a/b",
      "a?b",
      "user@x",
      "a, b",
    ]) {
      for (const path of ["/ready", "/nothing", "/users"]) {
        const status = await answered(port, `GET ${path} HTTP/1.1\r\nHost: ${host}`);
        expect([host, path, status]).toEqual([host, path, "HTTP/1.1 400 Bad Request"]);
      }
    }
    expect(await answered(port, "GET /ready HTTP/1.1\r\nHost: a\r\nHost: b")).toBe("HTTP/1.1 400 Bad Request");
    expect(logged).toEqual([]);
  });

  test("may be any name or address, empty, and in HTTP/1.0 missing", async () => {
    const { port } = await start();
    for (const host of [
      "mail.example",
      "mail_1.example:8080",
      "[::1]:8080",
      "[::ffff:127.0.0.1]",
      "192.0.2.1:",
      "xn--80ak6aa92e.example",
      "",
    ]) {
      expect([host, await answered(port, `GET /ready HTTP/1.1\r\nHost: ${host}`)]).toEqual([host, "HTTP/1.1 200 OK"]);
    }
    expect(await answered(port, "GET /ready HTTP/1.0")).toBe("HTTP/1.1 200 OK");
    expect(await answered(port, "GET /nothing?x=1 HTTP/1.0")).toBe("HTTP/1.1 404 Not Found");
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
    const second = await server.request(`/users/${someUser}/mailboxes`);
    expect([second.status, (await bodyOf(second)).code]).toEqual([503, "ServerBusy"]);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    // Busy is not dead: whoever probes or watches the node is answered.
    for (const path of ["/health", "/ready", "/metrics"]) expect((await server.request(path)).status).toBe(200);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await server.request("/health")).status).toBe(200);
  });

  test("one address and one user have their part of the requests, and the root token all", async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    let inside = 0;
    const server = await start({
      directory: {
        ...directory,
        tokenOwner: async () => ({ ok: true, account: someUser as never }),
      },
      options: { maxRequestsPerUser: 2 },
      async ask() {
        if (++inside === 2) entered.resolve();
        await gate.promise;
        return { ok: true, seq: 1, quota: 0, used: 0, mailboxes: [], subscriptions: [] };
      },
    });
    const own = () => server.request(`/users/${someUser}/mailboxes`, { token: "a user's" });
    const [first, second] = [own(), own()];
    await entered.promise;
    const third = await own();
    expect([third.status, (await bodyOf(third)).code]).toEqual([429, "RateLimitedError"]);
    expect(third.headers.get("retry-after")).toBe("1");
    const root = server.request(`/users/${someUser}/mailboxes`);
    gate.resolve();
    expect([(await first).status, (await second).status, (await root).status]).toEqual([200, 200, 200]);
    expect((await own()).status).toBe(200);
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
