import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { selfSigned } from "../../operation/self-signed.ts";
import { tlsForNode } from "../tls-policy.ts";
import { serveWeb, type WebServer } from "./web-server.ts";

const pair = () => selfSigned({ names: ["localhost"], organization: "Test", from: new Date(0), until: new Date(4e12) });
const large = new Uint8Array(64 * 1024 * 1024);
/** What became of the requests: how their bodies ended, and whether they were told that the client had gone. */
const told: string[] = [];
/** Of a request for /slow: its body has begun to come; the rest of it may be read. */
let reached = () => {};
let gate = Promise.resolve();

async function fetch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  request.signal.addEventListener("abort", () => told.push(`${pathname} aborted`));
  if (pathname === "/body") {
    const ended = await request.arrayBuffer().then(
      (body) => `${body.byteLength}`,
      () => "cut off",
    );
    told.push(`${pathname} ${ended}`);
    return new Response(ended);
  }
  if (pathname === "/slow") {
    const reader = request.body!.getReader();
    let size = (await reader.read()).value!.length;
    reached();
    await gate;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) size += piece.value.length;
    return new Response(String(size));
  }
  if (pathname === "/refused") return new Response("refused", { status: 403 });
  if (pathname === "/large") return new Response(large, { headers: { "Content-Length": String(large.length) } });
  if (pathname === "/never")
    await new Promise<void>((resolve) => request.signal.addEventListener("abort", () => resolve()));
  if (pathname === "/broken") {
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new Error("broken"));
      },
    });
    return new Response(stream, { headers: { "Content-Length": "100" } });
  }
  return new Response("answer");
}

const head = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

async function open(port: number, secure: boolean): Promise<Socket> {
  const socket = secure
    ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    : connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  await new Promise((resolve, reject) =>
    socket.once(secure ? "secureConnect" : "connect", resolve).once("error", reject),
  );
  return socket;
}

/** All that is heard until the server ends the connection. */
function until(socket: Socket, end: "close" | string): Promise<string> {
  let heard = "";
  return new Promise((resolve) => {
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString("latin1");
      if (heard.endsWith(end)) resolve(heard);
    });
    socket.once("close", () => resolve(heard));
  });
}

async function condition(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

for (const secure of [false, true]) {
  describe(secure ? "over TLS" : "in clear text", () => {
    const start = (idle: number, port = 0, reusePort = false) =>
      serveWeb({ host: "127.0.0.1", port, reusePort, tls: secure ? tlsForNode(pair()) : null, idle, fetch });
    let server: WebServer;
    beforeAll(async () => {
      server = await start(60_000);
    });
    afterAll(async () => {
      server.end();
      await server.stop();
    });

    test("requests on one connection are answered one after the other, with their lengths", async () => {
      const socket = await open(server.port, secure);
      for (let turn = 0; turn < 3; turn++) {
        const heard = until(socket, "answer");
        socket.write(head("GET /"));
        expect(await heard).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 6\r\n[\s\S]*\r\n\r\nanswer$/i);
        socket.removeAllListeners("data");
      }
      const heard = until(socket, "\r\n\r\n7");
      socket.write(head("POST /body", "Transfer-Encoding: chunked\r\n"));
      socket.write("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
      expect(await heard).toStartWith("HTTP/1.1 200 ");
      socket.destroy();
      await condition(() => server.pending === 0);
    });

    test("a request hears that its client has gone, with its body and without", async () => {
      told.length = 0;
      const waiting = await open(server.port, secure);
      waiting.write(head("GET /never"));
      const sending = await open(server.port, secure);
      sending.write(`${head("POST /body", "Content-Length: 100\r\n")}half`);
      await condition(() => server.pending === 2);
      for (const socket of [waiting, sending]) socket.resetAndDestroy();
      await condition(() => server.pending === 0 && told.length === 3);
      expect(told.sort()).toEqual(["/body aborted", "/body cut off", "/never aborted"]);
    });

    test("a body is read no faster than it is taken, and one that nobody takes is read past", async () => {
      const arrived = new Promise<void>((resolve) => {
        reached = resolve;
      });
      let proceed = () => {};
      gate = new Promise((resolve) => {
        proceed = resolve;
      });
      const size = 64 * 1024 * 1024;
      const sending = await open(server.port, secure);
      const heard = until(sending, String(size));
      sending.write(head("POST /slow", `Content-Length: ${size}\r\n`));
      sending.write(new Uint8Array(size));
      await arrived;
      const other = await open(server.port, secure);
      for (let turn = 0; turn < 50; turn++) {
        const answered = until(other, "answer");
        other.write(head("GET /"));
        await answered;
        other.removeAllListeners("data").removeAllListeners("close");
      }
      // Most of it is still with the client: it did not fit into the kernel's buffers.
      expect(server.pending).toBe(1);
      expect(sending.writableLength).toBeGreaterThan(size / 4);
      proceed();
      expect(await heard).toEndWith(String(size));
      const refused = until(other, "answer");
      other.write(`${head("POST /refused", "Content-Length: 1000000\r\n")}${"x".repeat(1_000_000)}${head("GET /")}`);
      expect((await refused).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 403", "HTTP/1.1 200"]);
      for (const socket of [sending, other]) socket.destroy();
    });

    test("an answer that breaks off ends the connection", async () => {
      const socket = await open(server.port, secure);
      const heard = until(socket, "close");
      socket.write(head("GET /broken"));
      expect((await heard).split("\r\n\r\n")[1]?.length ?? 0).toBeLessThan(100);
    });

    test("a client that neither sends nor takes anything for so long is gone, wherever it stops", async () => {
      const impatient = await start(300);
      const stopped = [
        "",
        "GET / HT",
        `${head("POST /body", "Content-Length: 100\r\n")}half`,
        head("GET /never"),
        head("GET /"),
        `${head("GET /")}GET`,
      ];
      const sockets = await Promise.all(stopped.map(() => open(impatient.port, secure)));
      const ended = sockets.map((socket) => until(socket, "close"));
      for (const [at, said] of stopped.entries()) if (said !== "") sockets[at]!.write(said);
      await Promise.all(ended);
      const reader = await open(impatient.port, secure);
      reader.pause();
      reader.write(head("GET /large"));
      await condition(() => impatient.pending === 1);
      await condition(() => impatient.pending === 0);
      reader.destroy();
      await impatient.stop();
    });

    test("stop lets what was begun be answered, and waits for nobody who asks nothing", async () => {
      const leaving = await start(60_000);
      const [silent, busy] = [await open(leaving.port, secure), await open(leaving.port, secure)];
      const ended = until(silent, "close");
      busy.write(head("POST /body", "Content-Length: 4\r\n"));
      await condition(() => leaving.pending === 1);
      const stopped = leaving.stop();
      await ended;
      const heard = until(busy, "close");
      busy.write("four");
      expect(await heard).toEndWith("\r\n\r\n4");
      await stopped;
      await expect(open(leaving.port, secure)).rejects.toThrow();
    });

    test("two share a port where that is asked for, and only there", async () => {
      const one = await start(60_000, 0, true);
      const two = await start(60_000, one.port, true);
      await expect(start(60_000, server.port)).rejects.toThrow("EADDRINUSE");
      for (const each of [one, two]) await each.stop();
    });
  });
}

test("who asks for the TLS port in clear text is let go", async () => {
  const server = await serveWeb({
    host: "127.0.0.1",
    port: 0,
    reusePort: false,
    tls: tlsForNode(pair()),
    idle: 60_000,
    fetch,
  });
  const socket = await open(server.port, false);
  const ended = until(socket, "close");
  socket.write(head("GET /"));
  await ended;
  await server.stop();
});
