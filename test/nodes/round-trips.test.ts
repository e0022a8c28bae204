import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import type { TestServer } from "../server.ts";
import { openCluster } from "./cluster.ts";
import { loggedIn, selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

/** What one command may cost the database. Everything is warm; what is written behind the log has settled. */
if ("missing" in cluster) describe("database round trips", () => test.skip(cluster.missing, () => {}));
else
  describe("database round trips", () => {
    let node: TestServer;
    beforeAll(async () => {
      node = await cluster.node();
    });
    afterAll(() => cluster.close());

    const stats = () => node.server.stats();

    /**
     * Round trips that `work` costs, without what goes on behind it: that has settled before, begins again only when an
     * account has been quiet for a while, and so is not in the cheapest of several tries.
     */
    async function costOf(work: (round: number) => Promise<unknown>, rounds = 5): Promise<number> {
      await eventually("all records are written", async () => (await stats()).unrecorded === 0);
      const costs: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = (await stats()).roundTrips;
        await work(round);
        costs.push((await stats()).roundTrips - before);
      }
      if (process.env.SHOW) console.log(costs);
      return Math.min(...costs);
    }

    const message = (text: string): string => `Subject: ${text}\r\n\r\n${text}\r\n`;

    test("a delivery alone: 1", async () => {
      await node.addUser("alone");
      const mta = await LmtpClient.open(node.lmtp);
      await mta.deliver("alone@localhost", message("warm"));
      const cost = await costOf(async (round) => {
        expect(await mta.deliver("alone@localhost", message(`m${round}`))).toStartWith("250");
      });
      expect(cost).toBe(1);
      mta.close();
    });

    for (const users of [1, 10, 50]) {
      test(`50 deliveries at once to ${users} users: at most 0.1 each`, async () => {
        const names = Array.from({ length: users }, (_, n) => `crowd${users}-${n}`);
        for (const name of names) await node.addUser(name);
        const mtas = await Promise.all(Array.from({ length: 50 }, () => LmtpClient.open(node.lmtp)));
        const all = (round: string) =>
          Promise.all(
            mtas.map(async (mta, n) => {
              const reply = await mta.deliver(`${names[n % users]}@localhost`, message(`${round}-${n}`));
              expect(reply).toStartWith("250");
            }),
          );
        await all("warm");
        expect(await costOf((round) => all(`r${round}`))).toBeLessThanOrEqual(5);
        for (const mta of mtas) mta.close();
      });
    }

    test("LOGIN: at most 1, also by a name without its domain", async () => {
      await node.addUser("login");
      for (const name of ["login@localhost", "login"]) {
        (await selected(node.imap, name)).close();
        const cost = await costOf(async () => {
          (await loggedIn(node.imap, name)).close();
        });
        expect(cost).toBeLessThanOrEqual(1);
      }
    });

    test("warm: SELECT 0, FETCH FLAGS 0, STORE 1, whatever the number of messages", async () => {
      await node.addUser("warm");
      const mta = await LmtpClient.open(node.lmtp);
      for (let n = 0; n < 40; n++) await mta.deliver("warm@localhost", message(`m${n}`));
      mta.close();
      const client = await selected(node.imap, "warm@localhost");
      // Silence is trusted a moment after the account is taken up.
      const select = await eventually("SELECT is warm", async () => {
        const cost = await costOf(() => client.ok("SELECT INBOX"), 2);
        return cost === 0 && { cost };
      });
      expect(select.cost).toBe(0);
      expect(await costOf(() => client.ok("SELECT INBOX"))).toBe(0);
      expect(await costOf(() => client.ok("STATUS INBOX (MESSAGES UNSEEN)"))).toBe(0);
      expect(await costOf(() => client.ok("NOOP"))).toBe(0);
      expect(await costOf(() => client.ok("FETCH 1:* (FLAGS)"))).toBe(0);
      expect(await costOf(() => client.ok("UID FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE)"))).toBe(0);
      expect(await costOf((round) => client.ok(`STORE 1:* ${round % 2 ? "-" : "+"}FLAGS (\\Flagged)`))).toBe(1);
      expect(await costOf((round) => client.ok(`STORE 7 ${round % 2 ? "-" : "+"}FLAGS (\\Seen)`))).toBe(1);
      expect(await costOf((round) => client.ok(`UID COPY ${round + 1},${round + 10} Junk`))).toBe(1);
      expect(await costOf((round) => client.ok(`UID MOVE ${round + 1},${round + 10} Junk`))).toBe(1);
      client.close();
    });
  });
