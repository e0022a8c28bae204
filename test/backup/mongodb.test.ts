import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { LmtpClient } from "../lmtp-client.ts";
import { openCluster } from "../nodes/cluster.ts";
import type { TestServer } from "../server.ts";
import { bytesOf, done, eider, imap, letter, subjectsIn, wholeAccount } from "./scene.ts";

setDefaultTimeout(120_000);

const cluster = await openCluster();

if ("missing" in cluster) describe("backups of MongoDB", () => test.skip(cluster.missing, () => {}));
else
  describe("backups of MongoDB", () => {
    let parent: string;
    let backup: string;
    let node: TestServer;
    const other = `${cluster.database}_other`;
    const env = (database = cluster.database): Record<string, string> => ({
      EIDER_DATA: join(parent, "data"),
      EIDER_STORE_KIND: "mongodb",
      EIDER_MONGODB_URL: cluster.mongo.url,
      EIDER_MONGODB_DATABASE: database,
      EIDER_REDIS_URL: cluster.redis.url,
    });

    beforeAll(async () => {
      parent = mkdtempSync(join(tmpdir(), "eider-mongo-backup-"));
      backup = join(parent, "backup");
      node = await cluster.node();
      for (const name of ["ann", "bob"]) await node.addUser(name);
      const lmtp = await LmtpClient.open(node.lmtp);
      for (let n = 0; n < 9; n++) await lmtp.deliver("ann@localhost", letter(`mail-${n}`, n === 4 ? 300_000 : 0));
      lmtp.close();
      await imap(node.imap, "ann@localhost", async (client) => {
        await client.mailboxOpen("INBOX");
        await client.messageFlagsAdd("2", ["\\Flagged", "$Label1"], { uid: true });
        await client.messageMove("3", "Trash", { uid: true });
      });
      await done(["backup", backup], env());
    });
    afterAll(async () => {
      const client = new MongoClient(cluster.mongo.url);
      await client.db(other).dropDatabase();
      await client.close();
      await cluster.close();
      rmSync(parent, { recursive: true, force: true });
    });

    test("nothing is repaired while a node runs, and verified it is", async () => {
      expect((await done(["verify"], env())).out).toContain(" 0 findings");
      const refused = await eider(["verify", "--repair"], env());
      expect(refused).toMatchObject({ code: 1, out: "" });
      expect(refused.err).toBe("eider: Cannot repair: 1 nodes use the database: stop all of them first\n");
      const elsewhere = { ...env(), EIDER_REDIS_PREFIX: "nobody:" };
      expect((await done(["verify", "--repair"], elsewhere)).out).toContain(" 0 findings");
    });

    test("nodes run on while they are backed up; restored into another database, and into a directory, all is the same", async () => {
      const before = await wholeAccount(node.imap, "ann@localhost");
      expect((await done(["backup", backup, "--check"], {})).out).toMatch(
        /^2 accounts, 9 messages, .* 0 damages\nNot signed: /,
      );
      const over = await eider(["restore", backup], env());
      expect(over.err).toContain(`database ${cluster.database} is not empty`);
      await done(["restore", backup], env(other));
      const restored = await cluster.node({ EIDER_MONGODB_DATABASE: other });
      expect(await wholeAccount(restored.imap, "ann@localhost")).toEqual(before);
      await restored.close();
      const into = join(parent, "embedded");
      await done(["restore", backup, "--into", into], env());
      expect((await done(["verify"], { EIDER_DATA: into })).out).toBe("2 accounts, 9 messages, 0 findings\n");
    });

    test("one account comes back beside running nodes, and one is put back while a session is open", async () => {
      const before = await wholeAccount(node.imap, "ann@localhost");
      await done(["restore", backup, "--account", "ann@localhost", "--as", "ann-then@localhost"], env());
      expect(await wholeAccount(node.imap, "ann-then@localhost")).toEqual(before);
      await imap(node.imap, "ann@localhost", async (client) => {
        await client.mailboxOpen("INBOX");
        await client.messageDelete("1,5", { uid: true });
        await done(["restore", backup, "--account", "ann@localhost", "--replace", "--yes"], env());
        // The node hears of it from Redis.
        const exists = () => (client.mailbox ? client.mailbox.exists : 0);
        for (let wait = 0; wait < 100 && exists() !== 8; wait++) {
          await Bun.sleep(50);
          await client.noop();
        }
        expect(exists()).toBe(8);
      });
      const after = await wholeAccount(node.imap, "ann@localhost");
      expect(bytesOf(after.INBOX)).toEqual(bytesOf(before.INBOX));
      expect((await subjectsIn(node.imap, "ann@localhost")).length).toBe(8);
    });
  });
