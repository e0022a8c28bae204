import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { MongoClient } from "mongodb";
import { eventually } from "../eventually.ts";
import { LmtpClient } from "../lmtp-client.ts";
import type { TestServer } from "../server.ts";
import { openCluster } from "./cluster.ts";
import { pictureOf, selected } from "./picture.ts";

setDefaultTimeout(60_000);

const cluster = await openCluster();

if ("missing" in cluster) describe("two nodes, one account", () => test.skip(cluster.missing, () => {}));
else
  describe("two nodes, one account", () => {
    let a: TestServer;
    let b: TestServer;
    beforeAll(async () => {
      [a, b] = await Promise.all([cluster.node(), cluster.node()]);
    });
    afterAll(() => cluster.close());

    test("deliveries, flags, moves and expunges on both at once: both and a third agree, nothing is lost or twice", async () => {
      const name = "both@localhost";
      await a.addUser("both");
      const sent = new Set<string>();
      const deliverer = async (node: TestServer, who: string, count: number): Promise<void> => {
        const mta = await LmtpClient.open(node.lmtp);
        for (let n = 0; n < count; n++) {
          const subject = `${who}-${n}`;
          const reply = await mta.deliver(name, `Subject: ${subject}\r\n\r\n${subject}\r\n`);
          if (reply?.startsWith("250")) sent.add(subject);
          else expect(reply).toStartWith("451");
        }
        mta.close();
      };
      /** Moves, flags and expunges what it finds; answers the subjects it was told are expunged. */
      const worker = async (node: TestServer, rounds: number, remainder: number): Promise<string[]> => {
        const client = await selected(node.imap, name);
        const expunged: string[] = [];
        const highest: number[] = [0];
        for (let round = 0; round < rounds; round++) {
          const { lines } = await client.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
          const found = lines.flatMap((line) => {
            const uid = Number(/UID (\d+)/.exec(line)?.[1]);
            const subject = /Subject: (.*)/i.exec(line)?.[1];
            return uid && subject ? [{ uid, subject: subject.trim() }] : [];
          });
          // No observer sees a UID appear below one it has seen.
          const uids = found.map(({ uid }) => uid);
          expect(uids).toEqual([...uids].sort((x, y) => x - y));
          const fresh = uids.filter((uid) => !highest.includes(uid));
          for (const uid of fresh) expect(uid).toBeGreaterThan(Math.max(...highest));
          highest.push(...fresh);
          const mine = found.filter(({ uid }) => uid % 5 === remainder);
          const [first, second, third] = mine;
          if (first) await client.ok(`UID STORE ${first.uid} +FLAGS (\\Flagged $k${round % 7})`);
          if (second) await client.ok(`UID MOVE ${second.uid} Junk`);
          if (third) {
            await client.ok(`UID STORE ${third.uid} +FLAGS.SILENT (\\Deleted)`);
            await client.ok(`UID EXPUNGE ${third.uid}`);
            expunged.push(third.subject);
          }
          await client.ok(`UID STORE 1:* ${round % 2 ? "+" : "-"}FLAGS.SILENT (\\Answered)`);
          await client.ok("NOOP");
        }
        client.close();
        return expunged;
      };
      const [, , , , first, second] = await Promise.all([
        deliverer(a, "a1", 25),
        deliverer(a, "a2", 25),
        deliverer(b, "b1", 25),
        deliverer(b, "b2", 25),
        worker(a, 25, 1),
        worker(b, 25, 2),
      ]);
      expect(sent.size).toBe(100);
      const gone = new Set([...first, ...second]);
      expect(gone.size).toBe(first.length + second.length);
      expect(gone.size).toBeGreaterThan(0);

      const third = await cluster.node();
      const pictures = await Promise.all([a, b, third].map(({ imap }) => pictureOf(imap, name)));
      expect(pictures[1]).toEqual(pictures[0]!);
      expect(pictures[2]).toEqual(pictures[0]!);
      const { folders, quota } = pictures[0]!;
      const sizes = Object.values(folders).flatMap(({ messages }) => Object.values(messages).map(({ size }) => size));
      expect(sizes.length).toBe(100 - gone.size);
      const used = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024);
      if (quota.includes("STORAGE")) expect(quota).toContain(`STORAGE ${used} `);
      for (const [path, { status, messages }] of Object.entries(folders)) {
        const uids = Object.keys(messages).map(Number);
        expect([path, status]).toEqual([path, expect.stringContaining(`MESSAGES ${uids.length} `)]);
        const next = Number(/UIDNEXT (\d+)/.exec(status)![1]);
        for (const uid of uids) expect(uid).toBeLessThan(next);
        if (path === "INBOX") expect(next).toBe(101);
      }
      const subjects: string[] = [];
      for (const path of ["INBOX", "Junk"]) {
        const client = await selected(third.imap, name, path);
        const { lines } = await client.ok("UID FETCH 1:* BODY.PEEK[TEXT]");
        for (const line of lines) {
          const text = /\r\n(\S+)\r\n\)$/.exec(line)?.[1];
          if (text) subjects.push(text);
        }
        client.close();
      }
      expect(subjects.sort()).toEqual([...sent].filter((subject) => !gone.has(subject)).sort());
    });

    test("snapshots that both nodes write of one account stand for what its log says", async () => {
      const name = "snapshots@localhost";
      await a.addUser("snapshots");
      const mta = await LmtpClient.open(a.lmtp);
      for (let n = 0; n < 10; n++) await mta.deliver(name, `Subject: ${n}\r\n\r\n${n}\r\n`);
      mta.close();
      const clients = [await selected(a.imap, name), await selected(b.imap, name)];
      const raw = new MongoClient(cluster.mongo.url);
      const snapshots = raw.db(cluster.database).collection<{ seq: number }>("snapshots");
      const newest = async (): Promise<number> =>
        Math.max(0, ...(await snapshots.find().toArray()).map(({ seq }) => Number(seq)));
      let before = 0;
      for (let round = 0; round < 2; round++) {
        await Promise.all(
          clients.map(async (client, c) => {
            for (let n = 0; n < 280; n++) {
              const change = `UID STORE ${1 + (n % 10)} ${n % 20 < 10 ? "+" : "-"}FLAGS.SILENT ($k${c})`;
              await client.ok(change);
            }
          }),
        );
        before = await eventually("a snapshot is written", async () => {
          const seq = await newest();
          return seq > before && seq;
        });
        const fresh = await cluster.node();
        expect(await pictureOf(fresh.imap, name)).toEqual(await pictureOf(b.imap, name));
        await fresh.close();
      }
      for (const client of clients) client.close();
      await raw.close();
    });

    test("folders made, renamed and deleted on both at once: one wins, the other is told why, all agree", async () => {
      const name = "folders@localhost";
      await a.addUser("folders");
      const clients = await Promise.all([a, b, a, b].map(({ imap }) => selected(imap, name)));
      const answers = await Promise.all(
        clients.map(async (client, c) => {
          const told: string[] = [];
          for (let n = 0; n < 8; n++) {
            told.push((await client.ask(`CREATE f${n}`)).tagged);
            told.push((await client.ask(`RENAME f${n} g${n}/c${c}`)).tagged);
          }
          return told.map((tagged) => tagged.replace(/^\S+ /, ""));
        }),
      );
      for (const tagged of answers.flat()) expect(tagged).toMatch(/^OK|^NO \[(ALREADYEXISTS|NONEXISTENT)\]/);
      const [first, second] = await Promise.all([a, b].map(({ imap }) => pictureOf(imap, name)));
      expect(second).toEqual(first!);
      const third = await cluster.node();
      expect(await pictureOf(third.imap, name)).toEqual(first!);
      const made = Object.keys(first!.folders).filter((path) => /^[fg]\d/.test(path));
      const renamed = answers
        .flat()
        .filter((_, at) => at % 2 === 1)
        .filter((tagged) => tagged.startsWith("OK"));
      expect(made.filter((path) => path.includes("/")).length).toBe(renamed.length);
      for (const client of clients) client.close();
    });
  });
