import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, TLSSocket } from "node:tls";
import { Stage } from "../../test/transcripts/stage.ts";
import { startBareHttp } from "./http/bare-server.testing.ts";
import type { Listening } from "./services.ts";

/** What a client offers, and whether it is taken. */
const offers: Record<string, { options: ConnectionOptions; taken: boolean }> = {
  "TLS 1.3": { options: { minVersion: "TLSv1.3" }, taken: true },
  "TLS 1.2": { options: { maxVersion: "TLSv1.2" }, taken: true },
  "TLS 1.1": { options: { minVersion: "TLSv1", maxVersion: "TLSv1.1" }, taken: false },
  "TLS 1.0": { options: { minVersion: "TLSv1", maxVersion: "TLSv1" }, taken: false },
  "TLS 1.2 without authenticated encryption": {
    options: { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" },
    taken: false,
  },
};
const startTls = {
  imap: [["s STARTTLS\r\n", "s OK"]],
  pop3: [["STLS\r\n", "+OK begin"]],
  lmtp: [
    ["LHLO client.example\r\n", "250 SIZE"],
    ["STARTTLS\r\n", "220 2.0.0"],
  ],
} as const;
type Mail = keyof typeof startTls;

let stage: Stage;
let balanced: Stage;
let http: Awaited<ReturnType<typeof startBareHttp>>;
beforeAll(async () => {
  stage = await Stage.open();
  balanced = await Stage.open({ proxyProtocolFrom: ["127.0.0.0/8"] });
  http = await startBareHttp({ options: { tlsPort: 0 }, services: { tls: stage.services.tls } });
});
afterAll(async () => {
  await http.listening.drain(0);
  await balanced.close();
  await stage.close();
});

/** Whether the server goes through with the handshake. */
function shakesHands(socket: Socket, options: ConnectionOptions): Promise<boolean> {
  const tls = connectTls({ socket, rejectUnauthorized: false, ...options });
  return new Promise<boolean>((resolve) => {
    tls.once("secureConnect", () => resolve(true));
    tls.once("error", () => resolve(false));
    tls.once("close", () => resolve(false));
  }).finally(() => socket.destroy());
}

async function connected(port: number, says: readonly (readonly [string, string])[] = []): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  for (const [said, answer] of says) {
    socket.write(said);
    let heard = "";
    await new Promise<void>((resolve) => {
      const listen = (bytes: Buffer) => {
        heard += bytes.toString("latin1");
        if (!heard.includes(answer)) return;
        socket.off("data", listen);
        resolve();
      };
      socket.on("data", listen);
    });
  }
  return socket;
}

async function empty(listening: Listening): Promise<void> {
  while (listening.connections() > 0) await new Promise((resolve) => setImmediate(resolve));
}

for (const [offer, { options, taken }] of Object.entries(offers)) {
  describe(`${offer} is ${taken ? "taken" : "refused"}`, () => {
    test("and is really what such a client offers: a server without a policy takes it", async () => {
      const server = createServer((socket) => {
        const tls = new TLSSocket(socket, { isServer: true, minVersion: "TLSv1", ...stage.services.tls() } as object);
        for (const end of [socket, tls]) end.on("error", () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      expect(await shakesHands(await connected((server.address() as { port: number }).port), options)).toBe(true);
      server.close();
    });

    for (const protocol of Object.keys(startTls) as Mail[]) {
      test(`by ${protocol}, from the first octet and after STARTTLS`, async () => {
        expect(await shakesHands(await connected(await stage.port(protocol, true)), options)).toBe(taken);
        expect(await shakesHands(await connected(await stage.port(protocol), startTls[protocol]), options)).toBe(taken);
        await empty(await stage.listening(protocol));
      });
    }

    test("by http", async () => {
      const { port } = http.listening.addresses.find(({ tls }) => tls)!;
      expect(await shakesHands(await connected(port), options)).toBe(taken);
    });

    test("behind a PROXY header", async () => {
      for (const protocol of Object.keys(startTls) as Mail[]) {
        const socket = await connected(await balanced.port(protocol, true));
        // In one packet with the first of TLS.
        socket.cork();
        socket.write("PROXY TCP4 192.0.2.7 127.0.0.1 50000 993\r\n");
        const shaken = shakesHands(socket, options);
        socket.uncork();
        expect(await shaken).toBe(taken);
      }
    });
  });
}
