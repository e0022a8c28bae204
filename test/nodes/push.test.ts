import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import type { TestServer } from "../server.ts";
import type { ImapClient } from "../transcripts/imap-client.ts";
import { openCluster, token } from "./cluster.ts";
import { selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

/** Begins IDLE; what is pushed before the next command comes out of `hear`. */
async function idle(client: ImapClient): Promise<void> {
  client.wire.say("idle IDLE\r\n");
  for (let line = await client.wire.hear(); !line?.startsWith("+"); line = await client.wire.hear())
    expect(line).toStartWith("*");
}

/** Hears until a line matches; fails on one that `never` matches. */
async function hears(client: ImapClient, wanted: RegExp): Promise<string[]> {
  const heard: string[] = [];
  for (;;) {
    const line = await client.wire.hear(20_000);
    if (line === null) throw new Error(`connection ended after ${JSON.stringify(heard)}`);
    heard.push(line);
    if (wanted.test(line)) return heard;
  }
}

async function done(client: ImapClient): Promise<void> {
  client.wire.say("DONE\r\n");
  await client.answer("idle");
}

if ("missing" in cluster) describe("push between nodes", () => test.skip(cluster.missing, () => {}));
else
  describe("push between nodes", () => {
    let a: TestServer;
    let b: TestServer;
    let n = 0;
    beforeAll(async () => {
      [a, b] = await Promise.all([cluster.node(), cluster.node()]);
    });
    afterAll(() => cluster.close());

    /** A user with so many messages in INBOX, delivered on both nodes in turn. */
    async function user(messages: number): Promise<string> {
      const name = `push${++n}@localhost`;
      await a.addUser(name.split("@")[0]!);
      for (let at = 0; at < messages; at++) await deliver(at % 2 ? b : a, name, `${at + 1}`);
      return name;
    }

    async function deliver(node: TestServer, to: string, subject: string): Promise<void> {
      const mta = await LmtpClient.open(node.lmtp);
      expect(await mta.deliver(to, `Subject: ${subject}\r\n\r\n${subject} for ${to}\r\n`)).toStartWith("250");
      mta.close();
    }

    test("a delivery on one node shows at an IDLE session of the other, before any poll would have found it", async () => {
      const name = await user(1);
      const client = await selected(b.imap, name);
      await idle(client);
      const began = performance.now();
      for (let round = 2; round <= 6; round++) {
        await deliver(a, name, `round ${round}`);
        expect(await hears(client, /EXISTS/)).toEqual([`* ${round} EXISTS`]);
        expect(await client.wire.hear()).toMatch(/RECENT/);
      }
      // Five rounds by the poll alone would have taken 25 s.
      expect(performance.now() - began).toBeLessThan(15_000);
      await done(client);
      client.close();
    });

    test("flags and expunges of one node show on the other, both ways, under the right sequence numbers", async () => {
      const name = await user(5);
      const [here, there] = [await selected(a.imap, name), await selected(b.imap, name)];
      for (const [actor, witness] of [
        [here, there],
        [there, here],
      ] as const) {
        await idle(witness);
        await actor.ok("STORE 3 +FLAGS (\\Flagged $Work)");
        expect((await hears(witness, /^\* \d+ FETCH/)).at(-1)).toMatch(/^\* 3 FETCH .*FLAGS \((\S+ )*\\Flagged/);
        await actor.ok("STORE 2 +FLAGS.SILENT (\\Deleted)");
        expect((await hears(witness, /^\* \d+ FETCH/)).at(-1)).toMatch(/^\* 2 FETCH .*\\Deleted/);
        expect((await actor.ok("EXPUNGE")).lines).toEqual(["* 2 EXPUNGE"]);
        expect(await hears(witness, /EXPUNGE/)).toEqual(["* 2 EXPUNGE"]);
        await actor.ok("STORE 2 -FLAGS (\\Flagged $Work)");
        expect((await hears(witness, /^\* \d+ FETCH/)).at(-1)).toMatch(/^\* 2 FETCH .*FLAGS \((?!.*\\Flagged)/);
        await done(witness);
        const uids = (client: ImapClient) =>
          client.ok("UID SEARCH ALL").then(({ lines }) => lines.find((line) => line.startsWith("* SEARCH")));
        expect(await uids(witness)).toBe((await uids(actor))!);
      }
      expect((await here.ok("UID SEARCH ALL")).lines).toEqual(["* SEARCH 1 4 5"]);
      here.close();
      there.close();
    });

    test("an expunge of the other node is not told during FETCH, STORE and SEARCH by sequence number, but at NOOP", async () => {
      const name = await user(3);
      const [here, there] = [await selected(a.imap, name), await selected(b.imap, name)];
      await here.ok("STORE 1 +FLAGS.SILENT (\\Deleted)");
      await here.ok("EXPUNGE");
      const told: string[] = [];
      await eventually("NOOP tells of the expunge", async () => {
        const held = [
          ...(await there.ok("FETCH 1:* (UID)")).lines,
          ...(await there.ok("SEARCH ALL")).lines,
          ...(await there.ok("STORE 3 +FLAGS (\\Seen)")).lines,
        ];
        expect(held.filter((line) => line.includes("EXPUNGE"))).toEqual([]);
        told.push(...(await there.ok("NOOP")).lines.filter((line) => line.includes("EXPUNGE")));
        return told.length > 0;
      });
      expect(told).toEqual(["* 1 EXPUNGE"]);
      expect((await there.ok("FETCH 1:* (UID)")).lines.map((line) => line.replace(/ FLAGS.*/, ""))).toEqual([
        "* 1 FETCH (UID 2)",
        "* 2 FETCH (UID 3)",
      ]);
      here.close();
      there.close();
    });

    test("an IDLE session whose worker dies hears of what came meanwhile, and of what comes after", async () => {
      const name = await user(1);
      const client = await selected(b.imap, name);
      await idle(client);
      for (let exists = 2; exists <= 6; exists += 2) {
        await Promise.all([b.server.workers.killShard(0), deliver(a, name, `meanwhile ${exists}`)]);
        await deliver(a, name, `after ${exists}`);
        for (let last = ""; last !== `* ${exists + 1} EXISTS`; ) last = (await hears(client, /EXISTS/)).at(-1)!;
      }
      await done(client);
      expect((await client.ok("FETCH 1:* (UID)")).lines.length).toBe(7);
      client.close();
    });

    test("the event stream of one node tells of the other's changes, and goes on from an event id on any node", async () => {
      const name = await user(1);
      const account = (await a.services.directory.userByName(name))!.id;
      const listen = async (node: TestServer, since?: string) => {
        const answer = await fetch(`http://127.0.0.1:${node.http}/users/${account}/updates`, {
          headers: { "x-access-token": token, ...(since ? { "last-event-id": since } : {}) },
        });
        expect(answer.status).toBe(200);
        const reader = answer.body!.getReader();
        let text = "";
        return {
          /** The id of the event that says `wanted`. */
          async until(wanted: RegExp): Promise<string> {
            for (;;) {
              for (const event of text.split("\n\n").slice(0, -1)) {
                if (wanted.test(event)) return /^id: (.*)$/m.exec(event)![1]!;
              }
              text += Buffer.from((await reader.read()).value!).toString();
            }
          },
          close: () => reader.cancel(),
        };
      };
      const stream = await listen(b);
      await deliver(a, name, "two");
      const told = await stream.until(/"EXISTS".*"uid":2\b/);
      await stream.close();
      await deliver(a, name, "three");
      const resumed = await listen(a, told);
      await resumed.until(/"EXISTS".*"uid":3\b/);
      await resumed.close();
    });

    test("with Redis stopped it shows by polling, and when Redis is back it is pushed again", async () => {
      const name = await user(1);
      const client = await selected(b.imap, name);
      await idle(client);
      await cluster.redis.stop("SIGKILL");
      await deliver(a, name, "in silence");
      expect(await hears(client, /EXISTS/)).toEqual(["* 2 EXISTS"]);
      await client.wire.hear();
      const other = await selected(a.imap, name);
      await other.ok("STORE 1 +FLAGS (\\Answered)");
      expect((await hears(client, /FETCH/)).at(-1)).toMatch(/^\* 1 FETCH .*\\Answered/);
      // A session that asks is told at once, also without Redis.
      await done(client);
      await other.ok("STORE 2 +FLAGS (\\Answered)");
      expect((await client.ok("NOOP")).lines.join()).toMatch(/\* 2 FETCH .*\\Answered/);
      const fresh = await selected(b.imap, name);
      await deliver(a, name, "asked for");
      expect((await fresh.ok("SELECT INBOX")).lines).toContain("* 3 EXISTS");

      await cluster.redis.start();
      for (const node of [a, b]) {
        await eventually("the node has Redis again", async () => {
          const answer = await fetch(`http://127.0.0.1:${node.http}/health/details`, {
            headers: { "x-access-token": token },
          });
          const { redis } = (await answer.json()) as { redis: { ok: boolean } };
          return redis.ok;
        });
      }
      await client.ok("NOOP");
      await idle(client);
      // The workers' connections come back at their own pace. Ten rounds by the poll alone take 10 s at the least.
      let exists = 3;
      await eventually("ten deliveries in a row are pushed", async () => {
        const began = performance.now();
        for (let round = 0; round < 10; round++) {
          await deliver(a, name, `back ${exists}`);
          expect(await hears(client, /EXISTS/)).toEqual([`* ${++exists} EXISTS`]);
          await client.wire.hear();
        }
        return performance.now() - began < 5000;
      });
      await done(client);
      for (const each of [client, other, fresh]) each.close();
    });
  });
