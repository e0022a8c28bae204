import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compact } from "../../src/actors/account/compaction.ts";
import type { AccountId } from "../../src/domain/ids.ts";
import { openSqliteStoresInThread } from "../../src/store/sqlite/open-stores.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { bytesOf, done, eider, type Folder, imap, letter, subjectsIn, wholeAccount } from "./scene.ts";

setDefaultTimeout(60_000);

/** Backups of logs of which only a base and the newest entries are left. */
describe("a compacted log", () => {
  let parent: string;
  let data: string;
  let id: AccountId;
  /** When the account was there, and no mail yet. */
  let early: string;
  const user = "ann@localhost";
  const env = () => ({ EIDER_DATA: data });

  async function served<T>(act: (server: TestServer) => Promise<T>, directory = data): Promise<T> {
    const server = await startTestServer({ EIDER_DATA: directory });
    try {
      return await act(server);
    } finally {
      await server.close();
    }
  }
  async function deliver(server: TestServer, ...letters: string[]): Promise<void> {
    const lmtp = await LmtpClient.open(server.lmtp);
    for (const each of letters) expect(await lmtp.deliver(user, each)).toStartWith("250");
    lmtp.close();
  }
  /** Lets everything go but the last `keep` entries. */
  async function compacted(keep: number): Promise<number> {
    const { log, close } = openSqliteStoresInThread({ dataDir: data });
    const [head] = await log.heads([id]);
    const wish = { before: Number.MAX_SAFE_INTEGER, through: head! - keep, worthwhile: 1, name: crypto.randomUUID() };
    const { base } = (await compact(log, id, wish))!;
    await close();
    expect(base).toBe(head! - keep);
    return base;
  }
  const shown = (directory: string, name = user): Promise<Record<string, Folder>> =>
    served((server) => wholeAccount(server.imap, name), directory);

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), "eider-compacted-"));
    data = join(parent, "data");
    await served(async (server) => {
      id = await server.addUser("ann");
      early = new Date().toISOString();
      await deliver(server, letter("one"), letter("two", 300_000), letter("three"), letter("four"));
      await imap(server.imap, user, async (client) => {
        await client.mailboxOpen("INBOX");
        await client.messageFlagsAdd("1", ["\\Flagged", "$Kept"], { uid: true });
        await client.messageMove("3", "Trash", { uid: true });
        await client.messageDelete("4", { uid: true });
      });
      await deliver(server, letter("five"), letter("six", 200_000));
    });
  });
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  test("a backup from before goes on, and keeps the history that the store has let go of", async () => {
    const backup = join(parent, "before");
    await done(["backup", backup], env());
    const then = new Date().toISOString();
    const before = await shown(data);
    await compacted(2);
    await served((server) => deliver(server, letter("seven")));
    expect((await done(["backup", backup, "--json"], env())).json<object>()).toMatchObject({
      copied: { entries: 1 },
      rewritten: 0,
    });
    await done(["backup", backup, "--check"], env());
    const into = join(parent, "before-into");
    await done(["restore", backup, "--into", into, "--to-time", then], env());
    const after = await shown(into);
    expect(bytesOf(after.INBOX)).toEqual(bytesOf(before.INBOX));
    expect(after.Trash).toEqual(before.Trash!);
  });

  test("a first backup has the base and what it needs: restored, all is the same", async () => {
    const backup = join(parent, "after");
    await done(["backup", backup], env());
    expect((await done(["backup", backup, "--check"], env())).out).toContain(" 0 damages");
    const into = join(parent, "after-into");
    await done(["restore", backup, "--into", into], env());
    expect(await shown(into)).toEqual(await shown(data));
    const words = ["restore", backup, "--into", join(parent, "early"), "--to-time", early];
    const tooEarly = await eider(words, env());
    expect(tooEarly.code).toBe(1);
    expect(tooEarly.err).toContain("goes back to 20");
  });

  test("an account comes back under another name and is put back, from a base too", async () => {
    const backup = join(parent, "one");
    await done(["backup", backup], env());
    const before = await shown(data);
    await served(async (server) => {
      const running = { ...env(), EIDER_URL: `http://127.0.0.1:${server.http}` };
      await done(["restore", backup, "--account", user, "--as", "then@localhost"], running);
      expect(await wholeAccount(server.imap, "then@localhost")).toEqual(before);
      await imap(server.imap, user, async (client) => {
        await client.mailboxOpen("INBOX");
        await client.messageDelete("1:*", { uid: true });
      });
      await done(["restore", backup, "--account", user, "--replace", "--yes"], running);
      const after = await wholeAccount(server.imap, user);
      expect(bytesOf(after.INBOX)).toEqual(bytesOf(before.INBOX));
      expect(after.Trash).toEqual(before.Trash!);
    });
    // Its actor is written behind and loaded again.
    expect(await shown(data, "then@localhost")).toEqual(before);
  });

  test("a backup that the store has compacted past begins anew with the base", async () => {
    const backup = join(parent, "gap");
    await done(["backup", backup], env());
    await served((server) => deliver(server, letter("eight"), letter("nine"), letter("ten")));
    await compacted(1);
    await done(["backup", backup], env());
    await done(["backup", backup, "--check"], env());
    const into = join(parent, "gap-into");
    await done(["restore", backup, "--into", into], env());
    expect(await shown(into)).toEqual(await shown(data));
    expect(await served((server) => subjectsIn(server.imap, user), into)).toContain("ten");
  });
});
