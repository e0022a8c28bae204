import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { bytesOf, connected, done, eider, type Folder, imap, letter, subjectsIn, wholeAccount } from "./scene.ts";

setDefaultTimeout(60_000);

let parent: string;
let server: TestServer;
let backup: string;
const env = () => ({ EIDER_DATA: server.data, EIDER_URL: `http://127.0.0.1:${server.http}` });

async function deliver(to: string, ...letters: string[]): Promise<void> {
  const lmtp = await LmtpClient.open(server.lmtp);
  for (const each of letters) expect(await lmtp.deliver(to, each)).toStartWith("250");
  lmtp.close();
}

async function deleteUser(address: string): Promise<void> {
  const found = await server.services.directory.resolve(address);
  if (found.ok) expect(await server.services.directory.deleteUser(found.account)).toEqual({ ok: true });
}

const idOf = async (address: string) => {
  const found = await server.services.directory.resolve(address);
  return found.ok ? found.account : null;
};

/** A moment between what was done and what comes next. */
async function moment(): Promise<string> {
  await Bun.sleep(15);
  const now = new Date().toISOString();
  await Bun.sleep(15);
  return now;
}

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-restore-"));
  backup = join(parent, "backup");
  server = await startTestServer();
});
afterAll(async () => {
  await server.close();
  rmSync(parent, { recursive: true, force: true });
});

describe("eider restore --account, into the running server", () => {
  test("a deleted account comes back with its password, UIDs, UIDVALIDITY and bytes; the others are not touched", async () => {
    await server.addUser("ann");
    await server.addUser("other");
    await deliver("ann@localhost", letter("one"), letter("two", 300_000), letter("three"));
    await imap(server.imap, "ann@localhost", async (client) => {
      await client.mailboxOpen("INBOX");
      await client.messageFlagsAdd("1", ["\\Answered", "$Work"], { uid: true });
      await client.messageMove("3", "Trash", { uid: true });
    });
    const [before, id] = [await wholeAccount(server.imap, "ann@localhost"), await idOf("ann@localhost")];
    await done(["backup", backup], env());
    await deliver("other@localhost", letter("later"));
    const other = await wholeAccount(server.imap, "other@localhost");
    await deleteUser("ann@localhost");
    await done(["backup", backup], env());
    const refused = await eider(["restore", backup, "--account", "nobody@localhost"], env());
    expect(refused.err).toBe(
      "eider: Cannot restore: nobody@localhost is not in the backup: an older one may have it\n",
    );
    const said = await done(["restore", backup, "--account", "ann@localhost"], env());
    expect(said.out).toBe("Restored ann@localhost, 3 messages\n");
    // The old one is closed for ever.
    expect(await idOf("ann@localhost")).not.toBe(id!);
    expect(await wholeAccount(server.imap, "ann@localhost")).toEqual(before);
    expect(await wholeAccount(server.imap, "other@localhost")).toEqual(other);
    await deliver("ann@localhost", letter("four"));
    expect((await subjectsIn(server.imap, "ann@localhost")).at(-1)).toBe("four");
    const twice = await eider(["restore", backup, "--account", "ann@localhost"], env());
    expect(twice.err).toContain("there is another account ann@localhost by now: --as restores beside it");
    await done(["backup", backup], env());
    const again = await eider(["restore", backup, "--account", "ann@localhost"], env());
    expect(again.err).toContain(
      "there is an account ann@localhost already: --replace puts it back, --as restores beside it",
    );
  });

  test("--as makes another account of it, with the same mail and the same password", async () => {
    const before = await wholeAccount(server.imap, "ann@localhost");
    await done(["backup", backup], env());
    const said = await done(["restore", backup, "--account", "ann@localhost", "--as", "ann-then@localhost"], env());
    expect(said.out).toBe("Restored ann-then@localhost, 4 messages\n");
    expect(await wholeAccount(server.imap, "ann-then@localhost")).toEqual(before);
    await deliver("ann-then@localhost", letter("for the second"));
    expect(await wholeAccount(server.imap, "ann@localhost")).toEqual(before);
  });

  test("--to-time restores what was there between two changes", async () => {
    await server.addUser("tim");
    await deliver("tim@localhost", letter("first"), letter("second"));
    const then = await moment();
    const before = await wholeAccount(server.imap, "tim@localhost");
    await deliver("tim@localhost", letter("third"));
    await imap(server.imap, "tim@localhost", async (client) => {
      await client.mailboxOpen("INBOX");
      await client.messageDelete("1", { uid: true });
    });
    await done(["backup", backup], env());
    await done(["restore", backup, "--account", "tim@localhost", "--to-time", then, "--as", "tim-then"], env());
    expect(await wholeAccount(server.imap, "tim-then@localhost")).toEqual(before);
    const early = await eider(
      ["restore", backup, "--account", "tim@localhost", "--to-time", "2001-01-01", "--as", "x@localhost"],
      env(),
    );
    expect(early.err).toContain("the account did not exist yet at that time");
    expect(await idOf("x@localhost")).toBeNull();
  });

  test("a deleted account at a time: folders that had changed since get a new UIDVALIDITY, the others keep theirs", async () => {
    await server.addUser("val");
    await deliver("val@localhost", letter("a"), letter("b"));
    await imap(server.imap, "val@localhost", async (client) => {
      await client.mailboxOpen("INBOX");
      await client.messageMove("1", "Trash", { uid: true });
    });
    const then = await moment();
    const before = await wholeAccount(server.imap, "val@localhost");
    await deliver("val@localhost", letter("c"));
    await done(["backup", backup], env());
    await deleteUser("val@localhost");
    await done(["restore", backup, "--account", "val@localhost", "--to-time", then], env());
    const after = await wholeAccount(server.imap, "val@localhost");
    expect(after.Trash).toEqual(before.Trash!);
    expect(bytesOf(after.INBOX)).toEqual(bytesOf(before.INBOX));
    expect(Number(after.INBOX!.uidValidity)).toBeGreaterThan(Number(before.INBOX!.uidValidity));
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    await deleteUser("val@localhost");
    await done(["restore", backup, "--account", "val@localhost", "--new-uidvalidity"], env());
    const renewed = await wholeAccount(server.imap, "val@localhost");
    for (const [path, folder] of Object.entries(before))
      expect(Number(renewed[path]!.uidValidity)).toBeGreaterThan(Number(folder.uidValidity));
    expect(await subjectsIn(server.imap, "val@localhost")).toEqual(["b", "c"]);
  });
});

describe("eider restore --account --replace", () => {
  /** Folders by path: bytes and flags, without what a client could take for another message. */
  const seenBy = (folders: Record<string, Folder>) =>
    Object.fromEntries(
      Object.entries(folders).map(([path, { messages }]) => [
        path,
        messages.map(({ sha256, flags, date }) => `${sha256} ${flags} ${date}`).sort(),
      ]),
    );

  test("puts a living account back while a client watches: it hears of it, and no UID ever means another message", async () => {
    await server.addUser("rob");
    await deliver("rob@localhost", ...["keep", "lose", "flag", "move", "copy"].map((name) => letter(name)));
    await deliver("rob@localhost", letter("large", 300_000));
    await imap(server.imap, "rob@localhost", async (client) => {
      await client.mailboxCreate("Old/Deep");
      await client.mailboxOpen("INBOX");
      await client.messageFlagsAdd("3", ["$Mine"], { uid: true });
      await client.messageCopy("5", "Old/Deep", { uid: true });
    });
    const then = await moment();
    const before = await wholeAccount(server.imap, "rob@localhost");
    await imap(server.imap, "rob@localhost", async (client) => {
      await client.mailboxOpen("INBOX");
      await client.messageDelete("2,6", { uid: true });
      await client.messageFlagsSet("3", ["\\Seen", "$Other"], { uid: true });
      await client.messageMove("4", "Trash", { uid: true });
      await client.mailboxDelete("Old/Deep");
      await client.mailboxCreate("New");
    });
    await deliver("rob@localhost", letter("unwanted"));
    await done(["backup", backup], env());
    await deliver("rob@localhost", letter("unwanted and newer than the backup"));
    const spoiled = await wholeAccount(server.imap, "rob@localhost");

    const watching = await connected(server.imap, "rob@localhost");
    await watching.mailboxOpen("INBOX");
    const heard: string[] = [];
    watching.on("expunge", () => heard.push("expunge"));
    watching.on("exists", () => heard.push("exists"));
    const words = ["restore", backup, "--account", "rob@localhost", "--to-time", then, "--replace"];
    expect((await eider(words, env())).err).toContain("there is no terminal to ask on: say --yes");
    expect((await eider(words, env(), ["no"])).err).toContain("the answer was another one");
    expect(await wholeAccount(server.imap, "rob@localhost")).toEqual(spoiled);
    const said = await done(words, env(), ["rob@localhost"]);
    // "lose" and "large" were nowhere any more; "copy" still was in INBOX, "move" in Trash.
    expect(said.out).toBe("Put rob@localhost back, 7 messages, 2 of them brought from the backup\n");
    await watching.noop();
    expect(heard).toContain("expunge");
    expect(heard).toContain("exists");
    await watching.logout();

    const after = await wholeAccount(server.imap, "rob@localhost");
    expect(seenBy(after)).toEqual(seenBy(before));
    for (const path of ["INBOX", "Trash", "Old"]) {
      expect(after[path]!.uidValidity).toBe(before[path]!.uidValidity);
      for (const earlier of [before, spoiled]) {
        const known = new Map(earlier[path]!.messages.map(({ uid, sha256 }) => [uid, sha256]));
        for (const { uid, sha256 } of after[path]!.messages) if (known.has(uid)) expect(known.get(uid)).toBe(sha256);
      }
    }
    expect(Number(after["Old/Deep"]!.uidValidity)).toBeGreaterThan(Number(before["Old/Deep"]!.uidValidity));
    // Messages that had stayed in their place kept their UIDs.
    const kept = after.INBOX!.messages.map(({ uid }) => uid);
    expect(kept).toEqual(expect.arrayContaining([1, 3, 5]));
    await done(words, env(), ["rob@localhost"]);
    expect(seenBy(await wholeAccount(server.imap, "rob@localhost"))).toEqual(seenBy(before));
  });

  test("refuses where the account is gone", async () => {
    await server.addUser("away");
    await done(["backup", backup], env());
    await deleteUser("away@localhost");
    const said = await eider(["restore", backup, "--account", "away@localhost", "--replace", "--yes"], env());
    expect(said.err).toContain("is not here any more");
  });
});

describe("with the server stopped", () => {
  test("an account comes back, and one that is there is put back", async () => {
    const data = join(parent, "stopped");
    const first = await startTestServer({ EIDER_DATA: data });
    await first.addUser("sam");
    await first.addUser("sue");
    const lmtp = await LmtpClient.open(first.lmtp);
    for (const to of ["sam@localhost", "sue@localhost"]) await lmtp.deliver(to, letter(`for ${to}`));
    lmtp.close();
    const into = join(parent, "stopped-backup");
    await done(["backup", into], { EIDER_DATA: data });
    const before = await wholeAccount(first.imap, "sam@localhost");
    const sam = await first.services.directory.resolve("sam@localhost");
    if (sam.ok) await first.services.directory.deleteUser(sam.account);
    await imap(first.imap, "sue@localhost", async (client) => {
      await client.mailboxOpen("INBOX");
      await client.messageDelete("1", { uid: true });
    });
    await first.close();

    await done(["restore", into, "--account", "sam@localhost"], { EIDER_DATA: data });
    await done(["restore", into, "--account", "sue", "--replace", "--yes"], { EIDER_DATA: data });
    expect((await done(["verify"], { EIDER_DATA: data })).out).toContain(" 0 findings");
    const second = await startTestServer({ EIDER_DATA: data });
    try {
      expect(await wholeAccount(second.imap, "sam@localhost")).toEqual(before);
      expect(await subjectsIn(second.imap, "sue@localhost")).toEqual(["for sue@localhost"]);
    } finally {
      await second.close();
    }
  });
});
