import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { done, eider, type Folder, imap, letter, subjectsIn, wholeAccount } from "./scene.ts";

let parent: string;
let server: TestServer;
let backup: string;
const env = () => ({ EIDER_DATA: server.data });

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-backup-"));
  backup = join(parent, "backup");
  server = await startTestServer({ EIDER_HTTP_PORT: "0" });
  await server.addUser("ann");
  await server.addUser("bob");
  const lmtp = await LmtpClient.open(server.lmtp);
  for (let n = 0; n < 5; n++) await lmtp.deliver("ann@localhost", letter(`small-${n}`));
  await lmtp.deliver("ann@localhost", letter("large", 300_000));
  await lmtp.deliver("bob@localhost", letter("for-bob"));
  lmtp.close();
  await imap(server.imap, "ann@localhost", async (client) => {
    await client.mailboxCreate("Work/Done");
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("2", ["\\Flagged", "$Label1"], { uid: true });
    await client.messageMove("3", "Work/Done", { uid: true });
    await client.messageDelete("4", { uid: true });
  });
});
afterAll(async () => {
  await server.close();
  rmSync(parent, { recursive: true, force: true });
});

/** Everything that a server shows that was started on this data directory. */
async function shownBy(data: string, ...users: string[]): Promise<Record<string, Folder>[]> {
  const restored = await startTestServer({ EIDER_DATA: data });
  try {
    const shown = [];
    for (const user of users) shown.push(await wholeAccount(restored.imap, `${user}@localhost`));
    return shown;
  } finally {
    await restored.close();
  }
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("eider backup and restore", () => {
  test("a running server is backed up, and restored with the same UIDs, UIDVALIDITY, flags, dates, mod-sequences and bytes", async () => {
    const before = [await wholeAccount(server.imap, "ann@localhost"), await wholeAccount(server.imap, "bob@localhost")];
    expect((await done(["backup", backup, "--json"], env())).json<object>()).toMatchObject({
      accounts: 3,
      problems: [],
    });
    const checked = await done(["backup", backup, "--check"], env());
    expect(checked.out).toMatch(/^3 accounts, \d+ messages, \d+ log entries, 0 damages\nNot signed: /);

    const into = join(parent, "whole");
    const restored = await done(["restore", backup, "--into", into], env());
    expect(restored.out).toMatch(/^Restored 3 accounts, 7 messages into /);
    expect((await done(["verify"], { EIDER_DATA: into })).out).toContain("3 accounts, 7 messages, 0 findings");
    expect(readFileSync(join(into, "token"), "utf8")).toBe(readFileSync(join(server.data, "token"), "utf8"));
    expect(await shownBy(into, "ann", "bob")).toEqual(before);
  }, 60_000);

  test("a second run copies what is new, and only that", async () => {
    const again = await done(["backup", backup, "--json"], env());
    expect(again.json<object>()).toMatchObject({ copied: { entries: 0, blobs: 0, bytes: 0 }, rewritten: 0 });
    const lmtp = await LmtpClient.open(server.lmtp);
    await lmtp.deliver("bob@localhost", letter("second-for-bob"));
    lmtp.close();
    const more = await done(["backup", backup, "--json"], env());
    expect(more.json<object>()).toMatchObject({ copied: { entries: 1, blobs: 0 }, rewritten: 0 });
    const into = join(parent, "second");
    await done(["restore", backup, "--into", into], env());
    expect(await shownBy(into, "bob")).toEqual([await wholeAccount(server.imap, "bob@localhost")]);
  }, 60_000);

  test("what is acknowledged before a backup begins is in it, byte for byte, while deliveries go on", async () => {
    await server.addUser("busy");
    const lmtp = await Promise.all(Array.from({ length: 8 }, () => LmtpClient.open(server.lmtp)));
    const acknowledged: string[] = [];
    let stopped = false;
    const delivering = lmtp.map(async (client, c) => {
      for (let n = 0; !stopped; n++) {
        const name = `busy-${c}-${n}`;
        const reply = await client.deliver("busy@localhost", letter(name, n % 10 === 9 ? 200_000 : 0));
        if (reply?.startsWith("250")) acknowledged.push(name);
      }
    });
    const into = join(parent, "busy");
    let must: string[] = [];
    for (let round = 0; round < 3; round++) {
      const enough = acknowledged.length + 60;
      while (acknowledged.length < enough) await Bun.sleep(5);
      must = [...acknowledged];
      await done(["backup", backup], env());
    }
    stopped = true;
    await Promise.all(delivering);
    for (const client of lmtp) client.close();
    await done(["backup", backup, "--check"], env());
    await done(["restore", backup, "--into", into], env());
    const restored = await startTestServer({ EIDER_DATA: into });
    const then = await wholeAccount(restored.imap, "busy@localhost");
    const subjects = await subjectsIn(restored.imap, "busy@localhost");
    await restored.close();
    const now = await wholeAccount(server.imap, "busy@localhost");
    const found = then.INBOX!.messages;
    expect(must.filter((name) => !subjects.includes(name))).toEqual([]);
    expect(new Set(subjects).size).toBe(subjects.length);
    // A prefix of what came, nothing left out and nothing changed.
    expect(found).toEqual(now.INBOX!.messages.slice(0, found.length));
  }, 120_000);

  test("accounts that come, change and go while backups run: each backup is whole", async () => {
    const { directory } = server.services;
    let stopped = false;
    let changes = 0;
    const changing = Array.from({ length: 3 }, async (_, who) => {
      const lmtp = await LmtpClient.open(server.lmtp);
      for (let n = 0; !stopped; n++) {
        const name = `visitor-${who}-${n}`;
        const id = await server.addUser(name);
        for (let m = 0; m < 6; m++)
          await lmtp.deliver(`${name}@localhost`, letter(`${name}-${m}`, m === 3 ? 150_000 : 0));
        if (n % 3 !== 0) await directory.deleteUser(id);
        changes += 1;
      }
      lmtp.close();
    });
    const stop = async () => {
      stopped = true;
      await Promise.all(changing);
    };
    const restless = join(parent, "restless");
    try {
      for (let round = 0; round < 5; round++) {
        const enough = changes + 3;
        while (changes < enough) await Bun.sleep(5);
        expect((await done(["backup", restless, "--json"], env())).json<object>()).toMatchObject({ problems: [] });
        expect((await done(["backup", restless, "--check"], env())).out).toContain(" 0 damages");
      }
    } finally {
      await stop();
    }
    const into = join(parent, "restless-into");
    await done(["restore", restless, "--into", into], env());
    expect((await done(["verify"], { EIDER_DATA: into })).out).toContain(" 0 findings");
  }, 120_000);

  test("the directory can be copied, and the original be gone", async () => {
    const copy = join(parent, "copy");
    cpSync(backup, copy, { recursive: true });
    const into = join(parent, "from-copy");
    await done(["restore", copy, "--into", into], env());
    expect(await shownBy(into, "ann")).toEqual([await wholeAccount(server.imap, "ann@localhost")]);
  }, 60_000);

  test("refuses a directory with something in it, another server's backup, and to restore over what is there", async () => {
    const other = join(parent, "other");
    await Bun.write(join(other, "letter.txt"), "mine");
    const occupied = await eider(["backup", other], env());
    expect(occupied).toMatchObject({ code: 1 });
    expect(occupied.err).toContain("is not empty, and what is in it is no backup");
    expect(await eider(["restore", other, "--into", join(parent, "nothing")], env())).toMatchObject({
      code: 1,
      out: "",
    });
    const over = await eider(["restore", backup, "--into", join(parent, "whole")], env());
    expect(over.err).toMatch(/^eider: Cannot restore: .*whole is not empty: name an empty directory/);
    const running = await eider(["restore", backup], env());
    expect(running.err).toMatch(/^eider: Cannot restore: .* uses it: /);
    const stranger = await startTestServer();
    try {
      const refused = await eider(["backup", backup], { EIDER_DATA: stranger.data });
      expect(refused.err).toContain("is another server's");
    } finally {
      await stranger.close();
    }
    expect(await eider(["backup", join(parent, "x")], { EIDER_DATA: join(parent, "none") })).toMatchObject({ code: 1 });
    expect((await eider(["restore", backup, "--to-time", "yesterday"], env())).code).toBe(2);
    expect((await eider(["restore", backup, "--replace"], env())).code).toBe(2);
  }, 60_000);
});

describe("a damaged backup", () => {
  /** A fresh copy of the backup with one file spoiled. */
  function spoiled(name: string, which: (path: string) => boolean, spoil: (path: string) => void): [string, string] {
    const copy = join(parent, name);
    cpSync(backup, copy, { recursive: true });
    const path = filesUnder(copy).find((file) => which(file.slice(copy.length + 1)))!;
    spoil(path);
    return [copy, path.slice(copy.length + 1)];
  }
  const flipped = (path: string) => {
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(path, bytes);
  };
  const cut = (path: string) => truncateSync(path, readFileSync(path).length - 1);
  const kinds = {
    log: /^logs\//,
    blob: /^blobs\//,
    list: /^accounts\./,
    manifest: /^manifest\.json$/,
    server: /^server\//,
  };
  const spoils = { flipped, cut, removed: (path: string) => rmSync(path) };

  for (const [kind, pattern] of Object.entries(kinds)) {
    for (const [how, spoil] of Object.entries(spoils)) {
      test(`${kind} file ${how}: found and named, and nothing restored from it`, async () => {
        const [copy, file] = spoiled(`${kind}-${how}`, (path) => pattern.test(path), spoil);
        const checked = await eider(["backup", copy, "--check"], env());
        expect(checked.code).toBe(1);
        if (kind !== "manifest") expect(checked.out + checked.err).toContain(file);
        const into = join(parent, `${kind}-${how}-into`);
        const restored = await eider(["restore", copy, "--into", into], env());
        expect(restored.code).toBe(1);
        expect(restored.out).toBe("");
        if (kind !== "manifest") expect(restored.err).toContain(file);
        if (existsSync(into)) {
          const verified = await eider(["verify"], { EIDER_DATA: into });
          expect(verified.out).toBe("0 accounts, 0 messages, 0 findings\n");
        }
        rmSync(copy, { recursive: true });
      }, 30_000);
    }
  }

  test("--skip-damaged restores the accounts that are whole, and says which are not", async () => {
    const bob = await server.services.directory.resolve("bob@localhost");
    const id = bob.ok ? bob.account : "";
    const [copy] = spoiled("skip", (path) => path.startsWith("logs/") && path.includes(id), flipped);
    const into = join(parent, "skip-into");
    const restored = await eider(["restore", copy, "--into", into, "--skip-damaged"], env());
    expect(restored.code).toBe(1);
    expect(restored.err).toContain("damaged: bob@localhost: logs/");
    expect(restored.err).toContain("1 damaged accounts were left out");
    expect(await shownBy(into, "ann")).toEqual([await wholeAccount(server.imap, "ann@localhost")]);
  }, 60_000);
});
