import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as dialTls } from "node:tls";
import { startServer } from "../src/main.ts";
import { loadConfig } from "../src/operation/config.ts";
import { balancerMissing, startBalancer } from "./nodes/balancer.ts";

/** deploy/nginx.conf between real clients and the whole server. */
test.skipIf(balancerMissing() !== null)(
  "behind nginx every protocol works, and the client's own address is known",
  async () => {
    const scene = mkdtempSync(join(tmpdir(), "eider-balancer-"));
    const loaded = loadConfig({
      cwd: scene,
      env: {
        ...Object.fromEntries(
          ["IMAP_PORT", "IMAP_TLS_PORT", "POP3_PORT", "POP3_TLS_PORT", "LMTP_PORT", "HTTP_PORT"].map((name) => [
            `EIDER_${name}`,
            "0",
          ]),
        ),
        ...Object.fromEntries(["IMAP", "POP3", "LMTP"].map((name) => [`EIDER_${name}_PROXY_PROTOCOL`, "127.0.0.1"])),
        EIDER_HTTP_TRUSTED_PROXIES: "127.0.0.1",
        EIDER_HTTP_TOKEN: "0123456789abcdef",
        EIDER_LOG_LEVEL: "error",
      },
    });
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    const server = await startServer(loaded.config);
    const { address, password } = server.firstAccount!;

    const portOf = (protocol: "imap" | "pop3" | "lmtp" | "http", tls: boolean) =>
      server.listening[protocol].find((endpoint) => endpoint.tls === tls)?.port ?? 1;
    const balancer = await startBalancer([
      {
        imap: portOf("imap", false),
        imaps: portOf("imap", true),
        pop3: portOf("pop3", false),
        pop3s: portOf("pop3", true),
        lmtp: portOf("lmtp", false),
        http: portOf("http", false),
      },
    ]);
    const front = balancer.ports;
    try {
      for (const secure of [false, true]) {
        const imap = await conversation(secure ? front.imaps : front.imap, secure);
        await imap.until(/^\* OK/m);
        // From 127.0.0.7 over clear text: the server must know that this is loopback still.
        imap.say(`a LOGIN ${address} ${password}\r\n`);
        await imap.until(/^a OK/m);
        const answer = await fetch(`http://127.0.0.1:${front.http}/sessions`, {
          headers: { "x-access-token": "0123456789abcdef" },
        });
        const { results } = (await answer.json()) as { results: { remote: string; secure: boolean }[] };
        expect(results.filter((session) => session.secure === secure).map(({ remote }) => remote)).toEqual([
          "127.0.0.7",
        ]);
        imap.say("b LOGOUT\r\n");
        await imap.ended;
      }

      const pop3 = await conversation(front.pop3, false);
      await pop3.until(/^\+OK/);
      pop3.say(`USER ${address}\r\n`);
      await pop3.until(/\n\+OK/);
      pop3.say(`PASS ${password}\r\nQUIT\r\n`);
      await pop3.ended;
      expect(pop3.text().match(/^\+OK/gm)).toHaveLength(4);

      const lmtp = await conversation(front.lmtp, false);
      lmtp.say(`LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<${address}>\r\nDATA\r\n`);
      await lmtp.until(/^354/m);
      lmtp.say("Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n");
      await lmtp.ended;
      expect(lmtp.text()).toMatch(/^250 2\.0\.0/m);
    } finally {
      await balancer.stop();
      await server.stop();
      rmSync(scene, { recursive: true });
    }
  },
  30_000,
);

/** A connection from 127.0.0.7. */
async function conversation(port: number, secure: boolean) {
  const plain = dial({ host: "127.0.0.1", port, localAddress: "127.0.0.7" });
  await new Promise((connected) => plain.once("connect", connected));
  const socket = secure ? dialTls({ socket: plain, rejectUnauthorized: false }) : plain;
  let text = "";
  let wake = () => {};
  let over = false;
  const ended = new Promise<void>((done) =>
    socket.on("close", () => {
      over = true;
      wake();
      done();
    }),
  );
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    wake();
  });
  socket.on("error", () => {});
  return {
    say: (words: string) => void socket.write(words),
    text: () => text,
    ended,
    async until(pattern: RegExp) {
      while (!pattern.test(text)) {
        if (over || /-ERR/.test(text)) throw new Error(`it did not say ${pattern}:\n${text}`);
        await new Promise<void>((heard) => {
          wake = heard;
        });
      }
    },
  };
}
