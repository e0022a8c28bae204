import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Redis } from "ioredis";
import { eventually } from "../eventually.ts";
import type { TestServer } from "../server.ts";
import { ImapClient } from "../transcripts/imap-client.ts";
import { LineClient } from "../transcripts/line-client.ts";
import { openCluster, token } from "./cluster.ts";
import { loggedIn, selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

type Listed = {
  id: string;
  username: string;
  protocol: string;
  node: string;
  mailbox: string | null;
  client: string | null;
  secure: boolean;
  remote: string;
};

if ("missing" in cluster) describe("sessions of all nodes", () => test.skip(cluster.missing, () => {}));
else
  describe("sessions of all nodes", () => {
    let a: TestServer;
    let b: TestServer;
    beforeAll(async () => {
      [a, b] = await Promise.all([
        cluster.node({ EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "4" }),
        cluster.node({ EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "4" }),
      ]);
    });
    afterAll(() => cluster.close());

    const ask = (node: TestServer, method: string, path: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${node.http}${path}`, { method, headers: { "x-access-token": token } });
    const sessionsOf = async (node: TestServer, user: string): Promise<Listed[]> => {
      const { results } = (await (await ask(node, "GET", "/sessions")).json()) as { results: Listed[] };
      return results.filter(({ username }) => username === user);
    };

    test("either node lists the sessions of both, with what they are at", async () => {
      await a.addUser("seen");
      const here = await selected(a.imap, "seen@localhost");
      const there = await loggedIn(b.imap, "seen@localhost");
      await there.ok('ID ("name" "phone" "version" "1")');
      const pop = await LineClient.connect(b.pop3, false);
      await pop.hear();
      for (const line of ["USER seen@localhost", "PASS secret"]) {
        pop.say(`${line}\r\n`);
        expect(await pop.hear()).toStartWith("+OK");
      }
      for (const node of [a, b]) {
        const listed = await eventually("all three sessions are listed, with what they are at", async () => {
          const found = await sessionsOf(node, "seen@localhost");
          const known = found.some(({ mailbox }) => mailbox === "INBOX") && found.some(({ client }) => client);
          return found.length === 3 && known && found;
        });
        expect(listed.map(({ protocol, mailbox }) => [protocol, mailbox]).sort()).toEqual([
          ["imap", null],
          ["imap", "INBOX"],
          ["pop3", "INBOX"],
        ]);
        expect(listed.find(({ client }) => client)!.client).toContain("phone");
        for (const { id, remote, secure } of listed) {
          expect(id).toMatch(/^sess_[0-9a-f]{24}$/);
          expect([remote, secure]).toEqual(["127.0.0.1", false]);
        }
      }
      for (const client of [here, there]) await client.ok("LOGOUT").catch(() => {});
      pop.say("QUIT\r\n");
      await eventually("they are gone from both lists", async () => {
        const left = await Promise.all([a, b].map((node) => sessionsOf(node, "seen@localhost")));
        return left.flat().length === 0;
      });
      for (const client of [here, there]) client.close();
      pop.close();
    });

    test("in Redis each is session:sess_…, for an hour at most", async () => {
      await a.addUser("keyed");
      const client = await selected(a.imap, "keyed@localhost");
      const redis = new Redis(cluster.redis.url);
      const [session] = await eventually("the session is listed", async () => {
        const found = await sessionsOf(b, "keyed@localhost");
        return found[0]?.mailbox === "INBOX" && found;
      });
      const key = `session:${session!.id}`;
      expect(await redis.keys("session:*")).toContain(key);
      const ttl = await redis.ttl(key);
      expect(ttl).toBeGreaterThan(3000);
      expect(ttl).toBeLessThanOrEqual(3600);
      expect(await redis.hgetall(key)).toMatchObject({
        user: "keyed@localhost",
        protocol: "imap",
        mailbox: "INBOX",
        secure: "0",
      });
      client.close();
      await eventually("its key goes with it", async () => (await redis.exists(key)) === 0);
      redis.disconnect();
    });

    test("an administrator ends a session of the other node, and only that one", async () => {
      await a.addUser("ended");
      for (const [holder, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const [client, idling] = [
          await selected(holder.imap, "ended@localhost"),
          await loggedIn(holder.imap, "ended@localhost"),
        ];
        await idling.ok("SELECT Junk");
        idling.wire.say("i IDLE\r\n");
        expect(await idling.wire.hear()).toStartWith("+");
        const listed = await eventually("the other node lists both", async () => {
          const found = await sessionsOf(other, "ended@localhost");
          return found.length === 2 && found.every(({ mailbox }) => mailbox) && found;
        });
        const idOf = (path: string): string => listed.find(({ mailbox }) => mailbox === path)!.id;
        const end = () => ask(other, "DELETE", `/sessions/${idOf("Junk")}?reason=Enough`);
        const ended = await end();
        expect([ended.status, await ended.json()]).toEqual([200, { success: true }]);
        expect((await idling.end()).at(-1)).toBe("* BYE Enough");
        await client.ok("NOOP");
        await eventually("its record is gone", async () => (await sessionsOf(other, "ended@localhost")).length === 1);
        expect((await end()).status).toBe(404);
        await client.ok("LOGOUT");
        await eventually("both are gone", async () => (await sessionsOf(other, "ended@localhost")).length === 0);
      }
    });

    test("logging a user out ends the user's sessions on every node, and nobody else's", async () => {
      const id = await a.addUser("out");
      await a.addUser("stays");
      const clients = [await selected(a.imap, "out@localhost"), await selected(b.imap, "out@localhost")];
      const stays = await selected(b.imap, "stays@localhost");
      await eventually("both are listed", async () => (await sessionsOf(a, "out@localhost")).length === 2);
      expect((await ask(a, "PUT", `/users/${id}/logout`)).status).toBe(200);
      for (const client of clients) expect((await client.end()).at(-1)).toStartWith("* BYE");
      await stays.ok("NOOP");
      stays.close();
    });

    test("the limit of connections per user holds across nodes, and what ends makes room", async () => {
      await a.addUser("many");
      const open: ImapClient[] = [];
      for (let n = 0; n < 4; n++) open.push(await loggedIn((n % 2 ? b : a).imap, "many@localhost"));
      for (const node of [a, b]) {
        const refused = await ImapClient.connect({ port: () => node.imap });
        expect((await refused.ask("LOGIN many@localhost secret")).tagged).toMatch(/^\S+ NO \[LIMIT\]/);
        refused.close();
      }
      const atOnce = await Promise.all(
        Array.from({ length: 6 }, async (_, n) => {
          const client = await ImapClient.connect({ port: () => (n % 2 ? a : b).imap });
          const { tagged } = await client.ask("LOGIN many@localhost secret");
          client.close();
          return tagged;
        }),
      );
      for (const tagged of atOnce) expect(tagged).toMatch(/NO \[LIMIT\]/);
      await open[0]!.ok("LOGOUT");
      open.push(
        await eventually("the other node has room", () => loggedIn(b.imap, "many@localhost").catch(() => null)),
      );
      for (const client of open) client.close();
    });
  });
