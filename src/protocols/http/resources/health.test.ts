import { afterEach, describe, expect, test } from "bun:test";
import { bodyOf, startBareHttp, wellDetails } from "../bare-server.testing.ts";

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

  test("metrics are not open to a web page of another site, whose name may lead here", async () => {
    const open = await start({ options: { openMetricsOnLoopback: true } });
    const status = async (headers: Record<string, string>) =>
      (await open.request("/metrics", { token: null, headers })).status;
    for (const host of ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "mail.example:8080"]) {
      expect([host, await status({ host })]).toEqual([host, 200]);
      expect([host, await status({ host, origin: `http://${host}` })]).toEqual([host, 403]);
    }
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:80",
      "203.0.113.1",
      "1.mail.example",
    ]) {
      expect([host, await status({ host })]).toEqual([host, 403]);
    }
    expect(await status({ origin: "null" })).toBe(403);
    const asked = await open.request("/metrics", { headers: { host: "evil.example", origin: "https://evil.example" } });
    expect(asked.status).toBe(200);
  });
});
