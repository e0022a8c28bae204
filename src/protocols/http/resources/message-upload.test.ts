import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { bodyOf, rootToken, someMailbox, someUser, startBareHttp } from "../bare-server.testing.ts";

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

describe("an upload", () => {
  const path = `/users/${someUser}/mailboxes/${someMailbox}/messages`;
  const stored = (size: number) => ({
    ok: true,
    seq: 1,
    events: [{ kind: "appended", uid: 7, mailbox: someMailbox, size }],
  });

  test("that is small is one request, with the flags, keywords and date that were asked for", async () => {
    const asked: unknown[] = [];
    const { request } = await start({
      ask: (request) => {
        asked.push(request);
        return stored(5);
      },
    });
    const answer = await request(
      `${path}?unseen=yes&flagged=1&date=2024-01-02T03:04:05Z&keywords=Work&keywords=$Label1`,
      {
        method: "POST",
        body: "a: b\n",
      },
    );
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
              flags: ["\\Flagged", "Work", "$Label1"],
              internalDate: Date.UTC(2024, 0, 2, 3, 4, 5),
              source: { kind: "bytes", bytes: new Uint8Array(Buffer.from("a: b\n")) },
            },
          ],
        },
      },
    ]);
  });

  test("with a keyword that IMAP cannot have is refused", async () => {
    const { request } = await start({ ask: () => stored(5) });
    for (const word of ["a%20b", "%5CSeen", "a%25", "x".repeat(256)]) {
      const answer = await request(`${path}?keywords=${word}`, { method: "POST", body: "a: b\n" });
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        400,
        '"keywords.0" must be an IMAP keyword',
      ]);
    }
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

  test("whose texts are no JSON, or that has too much beside them, is refused and changes nothing", async () => {
    const asked: unknown[] = [];
    const { request } = await start({
      options: { messageSize: 4 * 1024 * 1024 },
      ask: (request) => {
        asked.push(request);
        return stored(5);
      },
    });
    const refused = async (body: string) => {
      const headers = { "content-type": "application/json" };
      const response = await request(path, { method: "POST", headers, body });
      return [response.status, (await bodyOf(response)).code];
    };
    for (const text of ["\\x", "a\nb", "\\u12"]) {
      expect(await refused(`{"text":"${text}"}`)).toEqual([400, "InputValidationError"]);
      expect(await refused(`{"raw":"${text}"}`)).toEqual([400, "InputValidationError"]);
    }
    expect(await refused(`{"text":"x","subject":"${"x".repeat(1_100_000)}"}`)).toEqual([413, "RequestTooBig"]);
    expect(await refused(`{"text":"x","other":[${"{},".repeat(100_000)}{}]}`)).toEqual([400, "InputValidationError"]);
    expect(asked).toEqual([]);
  });

  test("composed of texts of any size has them as they were", async () => {
    const sources: Uint8Array[] = [];
    const { request } = await start({
      options: { messageSize: 8 * 1024 * 1024 },
      ask: (request) => {
        if (request.kind === "uploadWrite") sources.push(request.bytes);
        return request.kind === "change" ? stored(5) : { ok: true };
      },
    });
    const raw = `Subject: \u00e9 "quoted" \\\r\n\r\n${"\u00e9\t".repeat(500_000)}`;
    const headers = { "content-type": "application/json" };
    const answer = await request(path, { method: "POST", headers, body: JSON.stringify({ flagged: true, raw }) });
    expect(answer.status).toBe(200);
    expect(Buffer.concat(sources).toString("utf8")).toBe(raw);
  });
});
