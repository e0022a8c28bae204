import { expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { selected } from "../nodes/picture.ts";
import { startTestServer } from "../server.ts";
import { messageNamed, namesIn } from "./inbox.ts";

setDefaultTimeout(60_000);

test("the store's writer dies under 50 parallel deliveries, 10 rounds: acknowledged is there once, and it goes on", async () => {
  const server = await startTestServer();
  try {
    await server.addUser("writer");
    const name = "writer@localhost";
    const client = await selected(server.imap, name);
    const mtas = await Promise.all(Array.from({ length: 50 }, () => LmtpClient.open(server.lmtp)));
    const acknowledged = new Set<string>();
    const refused = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const deliveries = mtas.map(async (mta, n) => {
        const subject = `${round}-${n}`;
        const reply = await mta.deliver(name, messageNamed(subject));
        expect(reply).toMatch(/^(250|451 4\.3\.)/);
        (reply!.startsWith("250") ? acknowledged : refused).add(subject);
      });
      // Some rounds before the first of them, some amid them.
      if (round % 2) await Promise.race(deliveries);
      await server.server.workers.killWriter();
      await Promise.all(deliveries);
      await client.ok("FETCH 1:* (FLAGS)");
    }
    expect(acknowledged.size + refused.size).toBe(500);
    for (const subject of refused) {
      await eventually(`${subject} is taken when it is sent again`, async () =>
        (await mtas[0]!.deliver(name, messageNamed(subject)))?.startsWith("250"),
      );
    }
    for (const mta of mtas) mta.close();
    await client.ok("STORE 1:* +FLAGS.SILENT (\\Seen)");
    client.close();
    expect((await namesIn(server.imap, name)).toSorted()).toEqual([...acknowledged, ...refused].sort());
  } finally {
    await server.close();
  }
});
