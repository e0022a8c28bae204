import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { openCluster, token } from "../nodes/cluster.ts";
import { selected } from "../nodes/picture.ts";
import type { TestServer } from "../server.ts";
import { ImapClient } from "../transcripts/imap-client.ts";
import { messageNamed, namesIn } from "./inbox.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

if ("missing" in cluster) describe("Redis away", () => test.skip(cluster.missing, () => {}));
else
  describe("Redis away", () => {
    afterAll(() => cluster.close());

    const health = async (node: TestServer) => {
      const answer = await fetch(`http://127.0.0.1:${node.http}/health/details`, {
        headers: { "x-access-token": token },
      });
      return [
        answer.status,
        (await answer.json()) as { status: string; redis: { ok: boolean }; notes: string[] },
      ] as const;
    };
    const sessions = async (node: TestServer): Promise<string[]> => {
      const answer = await fetch(`http://127.0.0.1:${node.http}/sessions`, { headers: { "x-access-token": token } });
      const { results } = (await answer.json()) as { results: { username: string }[] };
      return results.map(({ username }) => username).sort();
    };

    test("at the start: both nodes serve, see each other's mail by asking, and join when Redis comes", async () => {
      await cluster.redis.stop("SIGKILL");
      const limit = { EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "2" };
      const [a, b] = await Promise.all([cluster.node(limit), cluster.node(limit)]);
      const name = "early@localhost";
      await a.addUser("early");
      await a.addUser("late");
      const onA = await LmtpClient.open(a.lmtp);
      const onB = await LmtpClient.open(b.lmtp);
      const client = await selected(b.imap, name);
      for (let n = 0; n < 4; n++) {
        expect(await (n % 2 ? onB : onA).deliver(name, messageNamed(`m${n}`))).toStartWith("250");
        expect((await client.ok("NOOP")).lines).toContain(`* ${n + 1} EXISTS`);
      }
      expect(await namesIn(a.imap, name)).toEqual(["m0", "m1", "m2", "m3"]);
      const [status, { status: word, redis, notes }] = await health(a);
      expect([status, word, redis.ok, notes.join().includes("Redis")]).toEqual([200, "degraded", false, true]);
      // Each node knows its own sessions, and limits by them.
      await eventually("the session is listed where it is", async () => (await sessions(b)).join() === name);
      expect(await sessions(a)).toEqual([]);
      const second = await selected(b.imap, name);
      const third = await ImapClient.connect({ port: () => b.imap });
      expect((await third.ask(`LOGIN ${name} secret`)).tagged).toMatch(/NO \[LIMIT\]/);
      third.close();

      await cluster.redis.start();
      for (const node of [a, b]) {
        await eventually("the node is whole again", async () => {
          const [, { redis }] = await health(node);
          return redis.ok;
        });
      }
      const late = await selected(a.imap, "late@localhost");
      await eventually("the other node lists a session begun since", async () =>
        (await sessions(b)).includes("late@localhost"),
      );
      expect(await onA.deliver(name, messageNamed("pushed"))).toStartWith("250");
      client.wire.say("i IDLE\r\n");
      for (let line = await client.wire.hear(); line !== "* 5 EXISTS"; line = await client.wire.hear())
        expect(line).toMatch(/^[*+]/);
      for (const each of [client, second, late]) each.close();
      for (const each of [onA, onB]) each.close();
    });
  });
