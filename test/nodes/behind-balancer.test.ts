import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { LineClient } from "../transcripts/line-client.ts";
import { balancerMissing } from "./balancer.ts";
import { openCluster } from "./cluster.ts";
import { type Farm, openFarm } from "./farm.ts";
import { startLoad } from "./load.ts";
import { pictureOf, selected } from "./picture.ts";

setDefaultTimeout(120_000);

const opened = await openCluster();
const missing = "missing" in opened ? opened.missing : balancerMissing();

if ("missing" in opened || missing !== null) describe("three nodes behind nginx", () => test.skip(missing!, () => {}));
else {
  const cluster = opened;
  describe("three nodes behind nginx", () => {
    let farm: Farm;
    beforeAll(async () => {
      farm = await openFarm(cluster, 3);
    });
    afterAll(async () => {
      await farm.close();
      await cluster.close();
    });

    const add = async (name: string): Promise<string> => {
      const answer = await farm.http("POST", "/users", {
        username: `${name}@localhost`,
        password: "secret",
        allowUnsafe: true,
      });
      expect(await answer.json()).toMatchObject({ success: true });
      return `${name}@localhost`;
    };
    const pids = () => farm.places.flatMap(({ node }) => (node ? [node.pid] : [])).toSorted();

    test("one user's sessions are on all of them, and each sees what any other does, over every protocol", async () => {
      const user = await add("everywhere");
      const idlers = await Promise.all(Array.from({ length: 6 }, () => selected(farm.ports.imap, user)));
      await eventually("all three have sessions of the user", async () => {
        const at = await farm.whereabouts(user);
        return new Set(at).size === 3 && at.length === 6;
      });
      for (const client of idlers) {
        client.wire.say("idle IDLE\r\n");
        expect(await client.wire.hear()).toStartWith("+");
      }
      /** Every idle session hears a line that matches; answers what all of them heard. */
      const allHear = (wanted: RegExp) =>
        Promise.all(
          idlers.map(async (client) => {
            for (;;) {
              const line = await client.wire.hear(20_000);
              if (line === null) throw new Error("a session ended");
              if (wanted.test(line)) return line;
            }
          }),
        );
      // LMTP, each message over another connection and so another node.
      for (let n = 1; n <= 6; n++) {
        const mta = await LmtpClient.open(farm.ports.lmtp);
        expect(await mta.deliver(user, `Subject: ${n}\r\n\r\n${n}\r\n`)).toStartWith("250");
        mta.close();
        await allHear(new RegExp(`^\\* ${n} EXISTS`));
      }
      // IMAP.
      const changer = await selected(farm.ports.imap, user);
      await changer.ok("UID STORE 2 +FLAGS (\\Flagged $Work)");
      for (const line of await allHear(/FETCH/)) expect(line).toMatch(/^\* 2 FETCH .*\\Flagged/);
      // HTTP.
      const { results } = (await (await farm.http("GET", "/users?query=everywhere")).json()) as {
        results: { id: string }[];
      };
      const id = results[0]!.id;
      const boxes = (await (await farm.http("GET", `/users/${id}/mailboxes`)).json()) as {
        results: { id: string; path: string }[];
      };
      const inbox = boxes.results.find(({ path }) => path === "INBOX")!.id;
      const marked = await farm.http("PUT", `/users/${id}/mailboxes/${inbox}/messages/3`, { seen: true });
      expect(await marked.json()).toMatchObject({ success: true });
      for (const line of await allHear(/FETCH/)) expect(line).toMatch(/^\* 3 FETCH .*\\Seen/);
      expect((await farm.http("DELETE", `/users/${id}/mailboxes/${inbox}/messages/1`)).status).toBe(200);
      expect(new Set(await allHear(/EXPUNGE/))).toEqual(new Set(["* 1 EXPUNGE"]));
      // POP3 expunges at QUIT.
      const pop = await LineClient.connect(farm.ports.pop3, false);
      for (const line of [null, `USER ${user}`, "PASS secret", "DELE 1", "QUIT"]) {
        if (line !== null) pop.say(`${line}\r\n`);
        expect(await pop.hear()).toStartWith("+OK");
      }
      expect(new Set(await allHear(/EXPUNGE/))).toEqual(new Set(["* 1 EXPUNGE"]));

      // Whoever is asked, and whichever node that is: the same messages and the same sums.
      const pictures = await Promise.all(Array.from({ length: 6 }, () => pictureOf(farm.ports.imap, user)));
      for (const picture of pictures) expect(picture).toEqual(pictures[0]!);
      const { messages, status } = pictures[0]!.folders.INBOX!;
      expect(Object.keys(messages)).toEqual(["3", "4", "5", "6"]);
      expect(status).toMatch(/MESSAGES 4 UNSEEN 3 UIDNEXT 7 /);
      const trash = Object.values(pictures[0]!.folders.Trash?.messages ?? {});
      const used = [...Object.values(messages), ...trash].reduce((sum, { size }) => sum + size, 0);
      const told = (await (await farm.http("GET", `/users/${id}`)).json()) as { limits: { quota: { used: number } } };
      expect(told.limits.quota.used).toBe(used);
      for (const client of [...idlers, changer]) client.close();
    });

    test("one is killed under load: what was acknowledged is there once, sessions go on elsewhere with QRESYNC", async () => {
      const user = await add("dies");
      const load = startLoad(farm, user);
      for (const place of farm.places.slice(0, 2)) {
        const before = load.log().delivered.length;
        await eventually("mail flows", () => load.log().delivered.length > before + 40);
        const { pid } = place.node!;
        await eventually("it has sessions of the user", async () => (await farm.whereabouts(user)).includes(pid));
        const reconnects = () => load.idlers.reduce((sum, client) => sum + client.reconnects, 0);
        const reconnected = reconnects();
        await place.die();
        await eventually("its sessions are elsewhere", () => reconnects() > reconnected);
        const then = load.log().delivered.length;
        await eventually("mail flows on", () => load.log().delivered.length > then + 40);
        await place.fill();
        await farm.found(place);
      }
      const log = await load.settle();
      expect(log.failed).toEqual([]);
      // A connection dies with one message on it at the most.
      expect(log.deferred.length).toBeLessThanOrEqual(2 * 4);
      expect(pids()).toHaveLength(3);
    });
  });
}
