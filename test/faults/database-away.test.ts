import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { openFragileCluster, token } from "../nodes/cluster.ts";
import { loggedIn, pictureOf, selected } from "../nodes/picture.ts";
import type { TestServer } from "../server.ts";
import { ImapClient } from "../transcripts/imap-client.ts";
import { LineClient } from "../transcripts/line-client.ts";

setDefaultTimeout(90_000);

const cluster = await openFragileCluster();

if ("missing" in cluster) describe("MongoDB away", () => test.skip(cluster.missing, () => {}));
else
  describe("MongoDB away", () => {
    let node: TestServer;
    beforeAll(async () => {
      node = await cluster.node();
    });
    afterAll(() => cluster.close());

    const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`;
    const http = (method: string, path: string, body?: object): Promise<Response> =>
      fetch(`http://127.0.0.1:${node.http}${path}`, {
        method,
        headers: { "x-access-token": token, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    const subjectsOf = async (name: string, folder = "INBOX"): Promise<string[]> => {
      const client = await selected(node.imap, name, folder);
      const { lines } = await client.ok("UID FETCH 1:* BODY.PEEK[TEXT]");
      client.close();
      return lines.flatMap((line) => /\r\n(\S+)\r\n\)$/.exec(line)?.[1] ?? []);
    };

    test("changes are refused with the right codes, warm mailboxes are read, and service comes back by itself", async () => {
      const name = "away@localhost";
      const account = await node.addUser("away");
      await node.addUser("cold");
      const mta = await LmtpClient.open(node.lmtp);
      for (let n = 1; n <= 5; n++) expect(await mta.deliver(name, message(`m${n}`))).toStartWith("250");
      const client = await selected(node.imap, name);
      const idling = await selected(node.imap, name);
      idling.wire.say("i IDLE\r\n");
      expect(await idling.wire.hear()).toStartWith("+");
      await client.ok("FETCH 1:* (FLAGS ENVELOPE)");
      await eventually("SELECT costs nothing any more", async () => {
        const before = (await node.server.stats()).roundTrips;
        await client.ok("SELECT INBOX");
        return (await node.server.stats()).roundTrips === before;
      });

      const changes = new Map<string, ImapClient>();
      for (const command of [
        "STORE 1 +FLAGS (\\Seen)",
        "COPY 1:2 Junk",
        "CREATE New",
        "UID MOVE 3 Junk",
        "APPEND INBOX {16+}\r\nSubject: a\r\n\r\na\r\n",
      ]) {
        changes.set(command, await selected(node.imap, name));
      }

      await cluster.mongo.stop("SIGKILL");

      // Mail: to somebody whose mailbox is in memory, and to somebody whose address has to be looked up; and changes.
      const other = await LmtpClient.open(node.lmtp);
      const replies = Promise.all([
        mta.deliver(name, message("limbo")),
        other.deliver("cold@localhost", message("limbo")),
      ]);
      const refusals = Promise.all(
        [...changes].map(([command, each]) => each.ask(command, 30_000).then(({ tagged }) => tagged)),
      );
      for (const reply of await replies) expect(reply).toMatch(/^451 4\.3\.\d/);
      for (const tagged of await refusals) expect(tagged).toMatch(/^\S+ NO \[UNAVAILABLE\]/);
      other.close();

      // Reads of what is in memory go on, also after a change that was refused.
      for (const command of [
        "NOOP",
        "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)",
        "SELECT INBOX",
        "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)",
        'LIST "" "*"',
        "UID SEARCH UNSEEN",
        "NOOP",
      ]) {
        const { lines } = await client.ok(command);
        if (command === "SELECT INBOX") expect(lines).toContain("* 5 EXISTS");
        if (command.startsWith("FETCH")) expect(lines.length).toBe(5);
      }
      expect((await client.ok("FETCH 1 (FLAGS)")).lines.join()).not.toContain("\\Seen");
      const late = await ImapClient.connect({ port: () => node.imap });
      expect((await late.ask(`LOGIN ${name} secret`)).tagged).toMatch(/^\S+ NO \[UNAVAILABLE\]/);
      late.close();

      const pop = await LineClient.connect(node.pop3, false);
      await pop.hear();
      pop.say(`USER ${name}\r\n`);
      await pop.hear();
      pop.say("PASS secret\r\n");
      expect(await pop.hear()).toStartWith("-ERR [SYS/TEMP]");
      pop.close();

      const answers = await Promise.all([
        http("GET", `/users/${account}`),
        http("GET", "/users"),
        http("GET", "/users/resolve/away@localhost"),
        http("PUT", `/users/${account}`, { name: "New" }),
        http("DELETE", `/users/${account}`),
        http("POST", "/users", { username: "made", password: "secret-enough-8" }),
        http("GET", "/health"),
      ]);
      for (const answer of answers) {
        expect([answer.url, answer.status]).toEqual([answer.url, 503]);
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        await answer.body?.cancel();
      }
      expect((await http("GET", "/health/details")).status).toBe(503);

      await cluster.mongo.start();
      await eventually("a delivery is taken again", async () =>
        (await mta.deliver(name, message("limbo")))?.startsWith("250"),
      );
      // The MTA sends again what was refused; what was kept without an answer is not there twice.
      await eventually("the other is taken, too", async () => {
        const again = await LmtpClient.open(node.lmtp);
        const reply = await again.deliver("cold@localhost", message("limbo"));
        again.close();
        return reply?.startsWith("250");
      });
      await client.ok("STORE 1 +FLAGS (\\Seen)");
      expect((await client.ok("NOOP")).tagged).toContain("OK");
      expect((await client.ok("SELECT INBOX")).lines).toContain("* 6 EXISTS");
      expect(await subjectsOf(name)).toEqual(["m1", "m2", "m3", "m4", "m5", "limbo"]);
      expect(await subjectsOf("cold@localhost")).toEqual(["limbo"]);
      for (let line = await idling.wire.hear(); line !== "* 6 EXISTS"; line = await idling.wire.hear()) {
        expect(line).toStartWith("*");
      }
      expect((await http("GET", `/users/${account}`)).status).toBe(200);
      await eventually("it is healthy", async () => (await http("GET", "/health")).status === 200);
      mta.close();
      for (const each of [client, idling, ...changes.values()]) each.close();
    });

    test("killed under deliveries, twice: what was acknowledged is there once; what was not, once when sent again", async () => {
      const name = "killed@localhost";
      await node.addUser("killed");
      const acknowledged = new Set<string>();
      const refused = new Set<string>();
      for (let round = 0; round < 2; round++) {
        let count = 0;
        let away = false;
        await Promise.all(
          Array.from({ length: 12 }, async (_, c) => {
            const mta = await LmtpClient.open(node.lmtp);
            for (let n = 0; !away; n++) {
              const subject = `${round}-${c}-${n}`;
              const reply = await mta.deliver(name, message(subject));
              expect(reply).toMatch(/^(250|451 4\.3\.)/);
              (reply!.startsWith("250") ? acknowledged : refused).add(subject);
              if (reply!.startsWith("250") && ++count === 40) {
                away = true;
                await cluster.mongo.stop("SIGKILL");
              }
            }
            mta.close();
          }),
        );
        await cluster.mongo.start();
      }
      expect(acknowledged.size).toBeGreaterThanOrEqual(80);
      const mta = await LmtpClient.open(node.lmtp);
      for (const subject of refused) {
        await eventually(`${subject} is taken when it is sent again`, async () =>
          (await mta.deliver(name, message(subject)))?.startsWith("250"),
        );
      }
      mta.close();
      const found = await subjectsOf(name);
      expect(found.toSorted()).toEqual([...acknowledged, ...refused].sort());
      const fresh = await cluster.node();
      expect(await pictureOf(fresh.imap, name)).toEqual(await pictureOf(node.imap, name));
      await fresh.close();
      (await loggedIn(node.imap, name)).close();
    });
  });
