import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ChildServer } from "../child-server.ts";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { ImapClient } from "../transcripts/imap-client.ts";
import { openCluster, token } from "./cluster.ts";
import { loggedIn, pictureOf, selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

if ("missing" in cluster) describe("a node dies", () => test.skip(cluster.missing, () => {}));
else
  describe("a node dies", () => {
    afterAll(() => cluster.close());

    async function deliver(port: number, to: string, subject: string): Promise<void> {
      const mta = await LmtpClient.open(port);
      expect(await mta.deliver(to, `Subject: ${subject}\r\n\r\n${subject}\r\n`)).toStartWith("250");
      mta.close();
    }

    test("its clients reconnect to another, and QRESYNC goes on where they were", async () => {
      const b = await cluster.node();
      const a: ChildServer = await cluster.child();
      const name = "moves@localhost";
      await b.addUser("moves");
      for (let n = 1; n <= 10; n++) await deliver(a.lmtp, name, `m${n}`);
      const before = await loggedIn(a.imap, name);
      await before.ok("ENABLE QRESYNC");
      const { lines: opened } = await before.ok("SELECT INBOX");
      const validity = /UIDVALIDITY (\d+)/.exec(opened.join())![1]!;
      await before.ok("UID STORE 2 +FLAGS (\\Flagged)");
      const { tagged } = await before.ok("NOOP");
      expect(tagged).toContain("OK");
      const known = /HIGHESTMODSEQ (\d+)/.exec((await before.ok("STATUS INBOX (HIGHESTMODSEQ)")).lines.join())![1]!;

      // What the client has not been told when its node dies, some of it by the node that dies.
      const onA = await selected(a.imap, name);
      await onA.ok("UID STORE 3,4 +FLAGS.SILENT (\\Deleted)");
      await onA.ok("UID EXPUNGE 3,4");
      await onA.ok("UID STORE 5 +FLAGS.SILENT (\\Answered)");
      await a.kill();
      expect(await before.wire.hear()).toBeNull();

      const onB = await selected(b.imap, name);
      await onB.ok("UID STORE 6 +FLAGS.SILENT (\\Seen)");
      await onB.ok("UID MOVE 7 Junk");
      await deliver(b.lmtp, name, "m11");

      const after = await loggedIn(b.imap, name);
      await after.ok("ENABLE QRESYNC");
      const { lines } = await after.ok(`SELECT INBOX (QRESYNC (${validity} ${known}))`);
      expect(lines.filter((line) => line.includes("VANISHED"))).toEqual(["* VANISHED (EARLIER) 3:4,7"]);
      const changed = lines.flatMap((line) => {
        const told = /^\* (\d+) FETCH \(UID (\d+) FLAGS \(([^)]*)\) MODSEQ \((\d+)\)\)$/.exec(line);
        return told ? [told] : [];
      });
      expect(changed.map(([, sequence, uid, flags]) => [sequence, uid, flags!.replace(/ ?\\Recent/, "")])).toEqual([
        ["3", "5", "\\Answered"],
        ["4", "6", "\\Seen"],
        ["8", "11", ""],
      ]);
      for (const [, , , , modseq] of changed) expect(Number(modseq)).toBeGreaterThan(Number(known));
      expect(lines).toContain("* 8 EXISTS");
      expect(lines.join()).toContain(`UIDVALIDITY ${validity}`);
      const since = await after.ok(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${known} VANISHED)`);
      expect(since.lines.filter((line) => line.includes("VANISHED"))).toEqual(["* VANISHED (EARLIER) 3:4,7"]);
      expect(since.lines.map((line) => /UID (\d+)/.exec(line)?.[1]).filter(Boolean)).toEqual(["5", "6", "11"]);
      for (const client of [onA, before, onB, after]) client.close();
      await b.close();
    });

    test("during deliveries to both: what it acknowledged is there once, and the other goes on", async () => {
      const b = await cluster.node();
      await b.addUser("busy");
      const name = "busy@localhost";
      const acknowledged: string[] = [];
      for (let round = 0; round < 3; round++) {
        const a = await cluster.child();
        let fromA = 0;
        let dead = false;
        const deliverer = async (port: number, who: string): Promise<void> => {
          const mta = await LmtpClient.open(port);
          for (let n = 0; !dead; n++) {
            const subject = `${round}-${who}-${n}`;
            const reply = await mta.deliver(name, `Subject: ${subject}\r\n\r\n${subject}\r\n`);
            if (reply?.startsWith("250")) acknowledged.push(subject);
            else if (reply === null) break;
            else expect(reply).toStartWith("451");
            if (port === a.lmtp && ++fromA === 30) {
              dead = true;
              await a.kill();
            }
          }
          mta.close();
        };
        await Promise.all([
          ...Array.from({ length: 5 }, (_, c) => deliverer(a.lmtp, `a${c}`)),
          ...Array.from({ length: 3 }, (_, c) => deliverer(b.lmtp, `b${c}`)),
        ]);
        expect(fromA).toBeGreaterThanOrEqual(30);
        await deliver(b.lmtp, name, `${round}-after`);
        acknowledged.push(`${round}-after`);
      }
      const client = await selected(b.imap, name);
      const { lines } = await client.ok("UID FETCH 1:* BODY.PEEK[TEXT]");
      const texts = lines.flatMap((line) => /\r\n(\S+)\r\n\)$/.exec(line)?.[1] ?? []);
      expect(new Set(texts).size).toBe(texts.length);
      for (const subject of acknowledged) expect(texts.filter((text) => text === subject)).toEqual([subject]);
      const third = await cluster.node();
      expect(await pictureOf(third.imap, name)).toEqual(await pictureOf(b.imap, name));
      client.close();
      await b.close();
    });

    test("what is told to leave says goodbye, and its clients find everything on the other", async () => {
      const b = await cluster.node();
      const a = await cluster.child();
      await b.addUser("leaves");
      const client = await selected(a.imap, "leaves@localhost");
      const idling = await selected(a.imap, "leaves@localhost");
      idling.wire.say("i IDLE\r\n");
      expect(await idling.wire.hear()).toStartWith("+");
      await client.ok("APPEND INBOX (\\Seen) {15+}\r\nSubject: x\r\n\r\nx");
      const stopping = a.stop();
      for (const each of [client, idling]) expect((await each.end()).at(-1)).toStartWith("* BYE");
      expect(await stopping).toBe(0);
      const after = await ImapClient.connect({ port: () => b.imap });
      await after.ok("LOGIN leaves@localhost secret");
      expect((await after.ok("SELECT INBOX")).lines).toContain("* 1 EXISTS");
      after.close();
      await b.close();
    });

    test("its sessions are soon listed no more, and count no more against their user's limit", async () => {
      const limit = { EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "2" };
      const b = await cluster.node(limit);
      const a = await cluster.child(limit);
      await b.addUser("counted");
      const name = "counted@localhost";
      const listed = async (): Promise<number> => {
        const answer = await fetch(`http://127.0.0.1:${b.http}/sessions`, { headers: { "x-access-token": token } });
        const { results } = (await answer.json()) as { results: { username: string }[] };
        return results.filter(({ username }) => username === name).length;
      };
      for (let n = 0; n < 2; n++) await selected(a.imap, name);
      await eventually("both are listed", async () => (await listed()) === 2);
      await a.kill();
      await eventually("neither is listed", async () => (await listed()) === 0, 45_000);
      const clients = [await selected(b.imap, name), await selected(b.imap, name)];
      const third = await ImapClient.connect({ port: () => b.imap });
      expect((await third.ask("LOGIN counted@localhost secret")).tagged).toMatch(/^\S+ NO /);
      for (const client of [...clients, third]) client.close();
      await b.close();
    });
  });
