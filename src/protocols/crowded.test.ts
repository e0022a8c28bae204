import { afterEach, describe, expect, test } from "bun:test";
import { LineClient } from "../../test/transcripts/line-client.ts";
import type { ProtocolName } from "../../test/transcripts/scene.ts";
import { Stage } from "../../test/transcripts/stage.ts";
import type { ListenerOptions } from "./services.ts";

let stage: Stage | null = null;
const clients: LineClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stage?.close();
  expect(stage?.errors).toEqual([]);
  stage = null;
});

/** One protocol as a server speaks it whose clients do not all behave. */
const protocols: Record<ProtocolName, { greeting: string; full: string; known(name: string): string; after: string }> =
  {
    imap: {
      greeting: "* OK",
      full: "* BYE [UNAVAILABLE]",
      known: (name) => `a LOGIN ${name} secret\r\n`,
      after: "a OK",
    },
    pop3: {
      greeting: "+OK",
      full: "-ERR",
      known: (name) => `USER ${name}\r\nPASS secret\r\n`,
      after: "+OK maildrop",
    },
    lmtp: {
      greeting: "220",
      full: "421 4.3.2",
      known: (name) => `LHLO mta\r\nMAIL FROM:<>\r\nRCPT TO:<${name}>\r\n`,
      after: "250 2.1.5",
    },
  };

for (const protocol of ["imap", "pop3", "lmtp"] as const) {
  const { greeting, full, known, after } = protocols[protocol];

  async function open(options: Partial<ListenerOptions>) {
    stage = await Stage.open(options);
    const { name } = await stage.newUser();
    const port = await stage.port(protocol);
    const come = async () => {
      const client = await LineClient.connect(port, protocol === "imap");
      clients.push(client);
      return { client, first: (await client.hear()) ?? "" };
    };
    /** A client that has shown whose it is. */
    const inside = async () => {
      const { client, first } = await come();
      expect(first).toStartWith(greeting);
      client.say(known(name));
      for (;;) {
        const line = await client.hear();
        if (line === null) throw new Error("The connection ended");
        if (line.startsWith(after)) return client;
      }
    };
    return { come, inside };
  }

  describe(`${protocol}: many connections`, () => {
    test("from one address: so many that have not shown whose they are, and no end of others", async () => {
      const { come, inside } = await open({ maxNewcomersPerAddress: 3, trustedNetworks: [] });
      for (let n = 0; n < 6; n++) await inside();
      for (let n = 0; n < 3; n++) expect((await come()).first).toStartWith(greeting);
      const fourth = await come();
      expect(fourth.first).toStartWith(full);
      expect(await fourth.client.hear()).toBeNull();
      clients[6]!.close();
      // Room again as soon as the server has seen that one go.
      for (;;) if ((await come()).first.startsWith(greeting)) break;
    });

    test("when it is full the oldest that has not shown whose it is gives way; the others stay", async () => {
      const { come, inside } = await open({
        maxConnections: 4,
        trustedNetworks: ["127.0.0.0/8"],
        maxNewcomersPerAddress: 1,
      });
      const user = await inside();
      const silent = [await come(), await come(), await come()];
      for (const { first } of silent) expect(first).toStartWith(greeting);
      const other = await inside();
      expect(await silent[0]!.client.hear()).toStartWith(full);
      expect(await silent[0]!.client.hear()).toBeNull();
      await inside();
      await inside();
      // Nobody is left who would have to give way.
      expect((await come()).first).toStartWith(full);
      for (const client of [user, other]) {
        client.say(protocol === "lmtp" ? "RSET\r\n" : protocol === "pop3" ? "NOOP\r\n" : "b NOOP\r\n");
        expect(await client.hear()).toMatch(/^(250|\+OK|b OK)/);
      }
    });
  });
}

test("clients that are refused and stay take nobody's place", async () => {
  stage = await Stage.open({ maxConnections: 20, maxNewcomersPerAddress: 2, trustedNetworks: [] });
  const port = await stage.port("imap");
  for (let n = 0; n < 150; n++) clients.push(await LineClient.connect(port, true));
  for (const client of clients) await client.hear();
  expect((await stage.listening("imap")).connections()).toBeLessThanOrEqual(2 + 100);
});
