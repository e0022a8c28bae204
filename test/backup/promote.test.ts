import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { compact } from "../../src/actors/account/compaction.ts";
import { openSqliteStoresInThread } from "../../src/store/sqlite/open-stores.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { type Cluster, openCluster } from "../nodes/cluster.ts";
import { startTestServer } from "../server.ts";
import { done, eider, type Folder, imap, letter, wholeAccount } from "./scene.ts";

setDefaultTimeout(120_000);

const cluster = await openCluster();
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

if ("missing" in cluster) describe("eider promote", () => test.skip(cluster.missing, () => {}));
else
  describe("eider promote", () => {
    const users = ["ann@localhost", "bob@localhost", "cyd@localhost"];
    let parent: string;
    let data: string;
    let before: Record<string, Folder>[];
    const env = (): Record<string, string> => ({ EIDER_DATA: data });
    const databases: string[] = [];

    beforeAll(async () => {
      parent = mkdtempSync(join(tmpdir(), "eider-promote-"));
      data = join(parent, "data");
      const server = await startTestServer({ EIDER_DATA: data });
      for (const name of ["ann", "bob", "cyd"]) await server.addUser(name);
      const lmtp = await LmtpClient.open(server.lmtp);
      for (let n = 0; n < 60; n++) await lmtp.deliver(users[n % 3]!, letter(`mail-${n}`, n % 12 === 5 ? 400_000 : 0));
      lmtp.close();
      await imap(server.imap, users[0]!, async (client) => {
        await client.mailboxCreate("Work/Päckchen");
        await client.mailboxOpen("INBOX");
        await client.messageFlagsAdd("2:5", ["\\Flagged", "$Label1"], { uid: true });
        await client.messageMove("3:9", "Work/Päckchen", { uid: true });
        await client.messageCopy("1:2", "Work/Päckchen", { uid: true });
        await client.messageDelete("4,11", { uid: true });
      });
      before = [];
      for (const user of users) before.push(await wholeAccount(server.imap, user));
      await server.close();
      await compactFirst(data);
    });
    afterAll(async () => {
      const client = new MongoClient(cluster.mongo.url);
      for (const name of databases) await client.db(name).dropDatabase();
      await client.close();
      await cluster.close();
      rmSync(parent, { recursive: true, force: true });
    });

    /** Leaves of one account's log its base and the last three entries. */
    async function compactFirst(dataDir: string): Promise<void> {
      const { log, directory, close } = openSqliteStoresInThread({ dataDir });
      const { id } = (await directory.userByView(users[0]!))!;
      const [head] = await log.heads([id]);
      const wish = { before: Number.MAX_SAFE_INTEGER, through: head! - 3, worthwhile: 1, name: "base" };
      expect(await compact(log, id, wish)).toMatchObject({ base: head! - 3 });
      await close();
    }

    const to = (database: string) => ["promote", "--to", cluster.mongo.url, "--database", database];
    const databaseOf = (name: string) => {
      databases.push(`${cluster.database}_${name}`);
      return databases.at(-1)!;
    };

    async function shownBy(cluster: Cluster, database: string): Promise<Record<string, Folder>[]> {
      const node = await cluster.node({ EIDER_MONGODB_DATABASE: database });
      try {
        const shown = [];
        for (const user of users) shown.push(await wholeAccount(node.imap, user));
        return shown;
      } finally {
        await node.close();
      }
    }

    /** Why no node starts on this database; null: nothing has been brought into it yet. */
    const refusedBy = async (database: string): Promise<string | null> => {
      const client = new MongoClient(cluster.mongo.url);
      const begun = await client.db(database).collection("settings").countDocuments();
      await client.close();
      if (begun === 0) return null;
      try {
        await (await cluster.node({ EIDER_MONGODB_DATABASE: database })).close();
        return "it started";
      } catch (error) {
        return (error as Error).message;
      }
    };

    test("a node on MongoDB shows what the embedded server showed: folders, UIDs, flags, mod-sequences, bytes, passwords", async () => {
      const database = databaseOf("whole");
      const said = await done([...to(database), "--redis", cluster.redis.url], env());
      expect(said.out).toMatch(/^Moved and verified 4 accounts, \d+ log entries, 6\d messages\n/);
      expect(said.out).toContain(`database = "${database}"`);
      expect(await shownBy(cluster, database)).toEqual(before);
      const again = await eider(to(database), env());
      expect(again.err).toContain("this data directory was promoted to it already");
      const started = await eider(["start"], env());
      expect(started.code).toBe(1);
      expect(started.err).toMatch(
        /^eider: Cannot start: The mail of this directory was moved to database \S+ at mongodb:/m,
      );
      expect(started.err).toContain(`remove ${join(data, "MOVED")}`);
      rmSync(join(data, "MOVED"));
    });

    test("kill -9 at many points: the next run goes on, nothing is there twice, and all is the same in the end", async () => {
      const database = databaseOf("killed");
      let runs = 0;
      /** Why a node did not start on what a run that was cut short has left. */
      let begun: string | null = null;
      for (; ; runs++) {
        const child = Bun.spawn([process.execPath, main, ...to(database), "--json"], {
          env: { ...process.env, ...env() },
          stdout: "pipe",
          stderr: "pipe",
        });
        const timer = setTimeout(() => child.kill("SIGKILL"), 600 * 1.1 ** runs);
        const code = await child.exited;
        clearTimeout(timer);
        if (code === 0) break;
        if (code !== 137) {
          const said = await new Response(child.stderr).text();
          // Killed when all was done, and before it could say so.
          if (runs > 0 && said.includes("was promoted to it already")) break;
          throw new Error(said);
        }
        // What is not whole is served by nobody.
        if (begun === null) begun = await refusedBy(database);
        expect(runs).toBeLessThan(60);
      }
      expect(runs).toBeGreaterThan(1);
      expect(begun).toContain("was cut short");
      expect(await shownBy(cluster, database)).toEqual(before);
    });

    test("refuses a database with anything in it, and one that another directory was being moved to", async () => {
      const occupied = databaseOf("occupied");
      const node = await cluster.node({ EIDER_MONGODB_DATABASE: occupied });
      await node.addUser("somebody");
      await node.close();
      expect((await eider(to(occupied), env())).err).toMatch(
        /^eider: Cannot promote: database .* it holds 1 users: name an empty one/,
      );
      expect((await eider(["promote", "--to", "postgres://x"], env())).code).toBe(2);
      const away = await eider(["promote", "--to", "mongodb://127.0.0.1:1"], env());
      expect(away).toMatchObject({ code: 1, out: "" });
      expect(away.err).toMatch(/^eider: Cannot promote: [^\n]*\n$/);
    });

    test("--ahead brings most while the server runs; the last run brings the rest, and takes back what was deleted", async () => {
      const database = databaseOf("ahead");
      const copy = join(parent, "running");
      const server = await startTestServer({ EIDER_DATA: copy });
      const lmtp = await LmtpClient.open(server.lmtp);
      try {
        for (const name of ["ann", "bob", "cyd", "gone"]) await server.addUser(name);
        for (let n = 0; n < 12; n++) await lmtp.deliver(users[n % 3]!, letter(`early-${n}`));
        const running = { EIDER_DATA: copy };
        expect((await eider(to(database), running)).err).toContain("uses it");
        const ahead = await done([...to(database), "--ahead", "--json"], running);
        expect(ahead.json<object>()).toMatchObject({ finished: false, accounts: 5 });
        for (let n = 0; n < 6; n++) await lmtp.deliver(users[n % 3]!, letter(`late-${n}`, n === 4 ? 200_000 : 0));
        const { directory } = server.services;
        const gone = await directory.resolve("gone@localhost");
        if (gone.ok) await directory.deleteUser(gone.account);
        before = [];
        for (const user of users) before.push(await wholeAccount(server.imap, user));
      } finally {
        lmtp.close();
        await server.close();
      }
      const last = await done([...to(database), "--json"], { EIDER_DATA: copy });
      expect(last.json<object>()).toMatchObject({ finished: true, accounts: 4, removed: 1, findings: [] });
      expect(await shownBy(cluster, database)).toEqual(before);
    });
  });
