import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { checkBackup } from "../../src/backup/check-backup.ts";
import { readManifest } from "../../src/backup/manifest.ts";
import { LmtpClient } from "../lmtp-client.ts";
import { startTestServer } from "../server.ts";
import { done, eider, letter, subjectsIn } from "./scene.ts";

setDefaultTimeout(60_000);

/** Wrong directories, moments and names, and what has to be mended: what is said, and that nothing is changed. */
let parent: string;
let data: string;
let backup: string;
let beforeAnyAccount: string;
const env = () => ({ EIDER_DATA: data });

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "eider-wrong-"));
  data = join(parent, "data");
  backup = join(parent, "backup");
  beforeAnyAccount = new Date().toISOString();
  await Bun.sleep(5);
  const server = await startTestServer(env());
  for (const name of ["ann", "bob"]) await server.addUser(name);
  const lmtp = await LmtpClient.open(server.lmtp);
  for (const to of ["ann@localhost", "bob@localhost"]) {
    await lmtp.deliver(to, letter(`small for ${to}`));
    await lmtp.deliver(to, letter(`large for ${to}`, 200_000));
  }
  lmtp.close();
  await server.close();
  await done(["backup", backup], env());
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const filesIn = (directory: string, what: string) =>
  readdirSync(join(directory, what), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

function copyOf(directory: string, name: string): string {
  const copy = join(parent, name);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

describe("a directory without a store", () => {
  for (const words of [
    ["verify"],
    ["verify", "--repair"],
    ["backup", "TO"],
    ["promote", "--to", "mongodb://127.0.0.1:1"],
    ["restore", "BACKUP", "--account", "ann@localhost"],
  ]) {
    test(`eider ${words.join(" ")} says so, and makes none`, async () => {
      const none = join(parent, "none");
      const asTyped = words.map((word) => ({ TO: join(parent, "to"), BACKUP: backup })[word] ?? word);
      for (const place of [none, join(backup, "manifest.json")]) {
        const said = await eider(asTyped, { EIDER_DATA: place });
        expect(said).toMatchObject({ code: 1, out: "" });
        expect(said.err).toMatch(/^eider: Cannot \w+( up)?: .*there is no eider\.db in .*configuration\n$/);
      }
      expect(existsSync(none)).toBe(false);
    });
  }
});

describe("places that cannot be", () => {
  test("a backup and a data directory within each other are refused", async () => {
    for (const words of [
      ["backup", join(data, "backup")],
      ["restore", backup, "--into", join(backup, "data")],
    ]) {
      const said = await eider(words, env());
      expect(said).toMatchObject({ code: 1, out: "" });
      expect(said.err).toContain("are one within the other: name a directory elsewhere");
    }
    expect(existsSync(join(data, "backup"))).toBe(false);
    expect(existsSync(join(backup, "data"))).toBe(false);
  });

  test("a file where a directory should be, and one that cannot be made, are named in one line", async () => {
    const file = join(parent, "file");
    writeFileSync(file, "");
    for (const words of [
      ["backup", file],
      ["backup", "/proc/eider"],
      ["restore", backup, "--into", "/proc/eider"],
    ]) {
      const said = await eider(words, env());
      expect(said.code).toBe(1);
      expect(said.err).toMatch(/^eider: Cannot [^\n]+: name another directory\n$/);
    }
  });

  test("a store that cannot be read is said to be one, without a stack", async () => {
    const damaged = { EIDER_DATA: copyOf(data, "damaged") };
    truncateSync(join(damaged.EIDER_DATA, "eider.db"), 5000);
    for (const words of [
      ["backup", join(parent, "of-damaged")],
      ["promote", "--to", "mongodb://127.0.0.1:1"],
      ["restore", backup, "--account", "ann@localhost", "--as", "x"],
    ]) {
      const said = await eider(words, damaged);
      expect(said.code).toBe(1);
      expect(said.err).toMatch(
        /^eider: Cannot [^\n]+ cannot be read \([^\n]+\): `eider verify` says what is damaged\n$/,
      );
    }
  });
});

describe("words that make no sense together", () => {
  for (const [words, why] of [
    [["--account", "ann", "--replace", "--new-uidvalidity", "--yes"], "--new-uidvalidity is not for --replace"],
    [["--account", "ann", "--skip-damaged"], "--skip-damaged is for a whole backup"],
  ] as const) {
    test(`restore ${words.join(" ")}`, async () => {
      const said = await eider(["restore", backup, ...words], env());
      expect(said).toMatchObject({ code: 2, out: "" });
      expect(said.err).toContain(why);
    });
  }

  test("promote to a database whose name MongoDB would refuse", async () => {
    for (const name of ["a b", "a/b", "a.b", ""]) {
      const said = await eider(["promote", "--to", "mongodb://127.0.0.1:1", "--database", name], env());
      expect(said).toMatchObject({ code: 2, out: "" });
    }
  });
});

describe("moments that the backup has not", () => {
  test("before the first account and after the last run nothing is restored, and nothing is made", async () => {
    const into = join(parent, "early");
    const early = await eider(["restore", backup, "--into", into, "--to-time", beforeAnyAccount], env());
    expect(early).toMatchObject({ code: 1, out: "" });
    expect(early.err).toContain("no account existed yet at that time: the first was made at 20");
    const later = new Date(Date.now() + 60_000).toISOString();
    for (const words of [
      ["--into", into],
      ["--account", "ann@localhost", "--as", "later"],
    ]) {
      const late = await eider(["restore", backup, ...words, "--to-time", later], env());
      expect(late).toMatchObject({ code: 1, out: "" });
      expect(late.err).toContain("and --to-time is later: leave --to-time out");
    }
    expect(existsSync(into)).toBe(false);
  });
});

describe("names that cannot be", () => {
  test("--as takes what `eider user add` takes", async () => {
    for (const name of ["", "two words", "@localhost", "ann@", "ann@local host", "a<b>@localhost", ".ann@localhost"]) {
      const said = await eider(["restore", backup, "--account", "ann@localhost", "--as", name], env());
      expect(said).toMatchObject({ code: 1, out: "" });
      expect(said.err).toContain("is no address");
    }
    expect((await done(["verify"], env())).out).toStartWith("3 accounts, ");
  });

  test("a name that is another account's by now is said to be so, and --replace is no way", async () => {
    const { EIDER_DATA: taken } = { EIDER_DATA: copyOf(data, "taken") };
    const server = await startTestServer({ EIDER_DATA: taken });
    const old = await server.services.directory.resolve("ann@localhost");
    const id = old.ok ? old.account : "";
    await server.services.directory.deleteUser(id as never);
    await server.addUser("ann");
    await server.close();
    const words = ["restore", backup, "--account", "ann@localhost"];
    const beside = await eider(words, { EIDER_DATA: taken });
    expect(beside.err).toContain("there is another account ann@localhost by now: --as restores beside it");
    const replaced = await eider([...words, "--replace", "--yes"], { EIDER_DATA: taken });
    expect(replaced.err).toContain("which has nothing to do with this one: --as restores beside it");
    expect((await done([...words, "--as", "ann-then"], { EIDER_DATA: taken })).out).toBe(
      "Restored ann-then@localhost, 2 messages\n",
    );
  });
});

describe("a log of which any one byte has changed", () => {
  test("is found by --check, and named", async () => {
    const copy = copyOf(backup, "flipped");
    const manifest = readManifest(copy);
    const log = filesIn(copy, "logs").find((path) => path.endsWith(".log"))!;
    const sound = readFileSync(log);
    // A chosen few of the bodies' bytes, and all of what is said around them.
    for (let at = 0; at < sound.length; at += sound.length > 20_000 ? 7 : 1) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1 << (at % 8);
      writeFileSync(log, bytes);
      const { damages } = checkBackup(copy, manifest, () => true);
      expect(damages.map(({ text }) => text).join()).toContain(basename(log));
    }
    writeFileSync(log, sound);
    expect(checkBackup(copy, manifest, () => true).damages).toEqual([]);
  });
});

describe("what has to be mended", () => {
  test("a restore that was cut short before it had made the store's files goes on", async () => {
    const into = join(parent, "barely-begun");
    mkdirSync(join(into, "blobs", "tmp"), { recursive: true });
    for (const name of ["lock", "lock.db", "lock.db-journal"]) writeFileSync(join(into, name), "");
    expect((await done(["restore", backup, "--into", into], env())).out).toStartWith("Restored 3 accounts, 5 messages");
  });

  test("a backup's torn or missing log is copied anew by the next run", async () => {
    const copy = copyOf(backup, "torn");
    const [first, second] = filesIn(copy, "logs").filter((path) => path.endsWith(".log"));
    truncateSync(first!, statSync(first!).size - 1);
    rmSync(second!);
    expect((await eider(["backup", copy, "--check"], env())).code).toBe(1);
    const said = await done(["backup", copy], env());
    expect(said.err.match(/warning: logs\/\S+ was gone or torn: its log is copied anew/g)).toHaveLength(2);
    expect((await done(["backup", copy, "--check"], env())).out).toContain(" 0 damages");
    expect((await done(["backup", copy], env())).err).toBe("");
  });

  test("what the store lacks is named by every run, until it is there again", async () => {
    const lacking = { EIDER_DATA: copyOf(data, "lacking") };
    const blob = filesIn(lacking.EIDER_DATA, "blobs")[0]!;
    const aside = join(parent, "aside");
    cpSync(blob, aside);
    rmSync(blob);
    const to = join(parent, "of-lacking");
    for (let run = 1; run <= 2; run++) {
      const said = await eider(["backup", to], lacking);
      expect(said.code).toBe(1);
      expect(said.err).toContain("is missing or damaged in the store");
    }
    cpSync(aside, blob);
    expect((await done(["backup", to], lacking)).err).toBe("");
    expect((await done(["backup", to, "--check"], lacking)).out).toContain(" 0 damages");
  });

  test("a user whose password hash costs too much to check is not brought, and the answer names it", async () => {
    const costly = { EIDER_DATA: copyOf(data, "costly") };
    const store = new Database(join(costly.EIDER_DATA, "eider.db"));
    const hash = `$2b$31$${"a".repeat(53)}`;
    store.run("UPDATE users SET record = json_set(record, '$.passwordHash', ?) WHERE username_view LIKE 'bob%'", [
      hash,
    ]);
    store.close();
    const from = join(parent, "costly-backup");
    await done(["backup", from], costly);
    const into = { EIDER_DATA: join(parent, "costly-restored") };
    const all = await eider(["restore", from], into);
    expect(all.code).toBe(1);
    expect(all.err).toContain("bob@localhost: the password hash costs too much to check");
    const one = await eider(["restore", from, "--account", "bob@localhost", "--as", "bob2@localhost"], env());
    expect(one.code).toBe(1);
    expect(one.err).toContain("the password hash costs too much to check");
  });

  test("an account whose log is damaged is written anew once the server is stopped; meanwhile it hides no other", async () => {
    const broken = { EIDER_DATA: copyOf(data, "broken") };
    const store = new Database(join(broken.EIDER_DATA, "eider.db"));
    const wanted = await done(["verify", "ann@localhost", "--json"], broken);
    const { account } = wanted.json<{ accounts: [{ account: string }] }>().accounts[0];
    store.run("UPDATE entries SET transactions = '[]' WHERE account = unhex(?) AND seq = 2", [account]);
    store.close();
    rmSync(join(broken.EIDER_DATA, "state.db"));
    const words = ["restore", backup, "--account", "ann@localhost", "--replace", "--yes"];
    const server = await startTestServer(broken);
    try {
      const online = { ...broken, EIDER_URL: `http://127.0.0.1:${server.http}` };
      expect((await done(["user", "list"], online)).out).toContain("bob@localhost");
      const refused = await eider(words, online);
      expect(refused.err).toContain("its log in the store is damaged");
      expect(refused.err).toContain("stop the server and run this again");
    } finally {
      await server.close();
    }
    expect((await done(words, broken)).out).toContain("Put ann@localhost back, 2 messages; its log was damaged");
    expect((await done(["verify"], broken)).out).toBe("3 accounts, 5 messages, 0 findings\n");
    const again = await startTestServer(broken);
    try {
      expect(await subjectsIn(again.imap, "ann@localhost")).toEqual([
        "small for ann@localhost",
        "large for ann@localhost",
      ]);
    } finally {
      await again.close();
    }
  });

  test("--replace brings the bytes that the store has lost or holds damaged, though the messages are in their place", async () => {
    const mended = { EIDER_DATA: copyOf(data, "mended") };
    const [first, second] = filesIn(mended.EIDER_DATA, "blobs");
    rmSync(first!);
    writeFileSync(second!, "x".repeat(statSync(second!).size));
    const found = await eider(["verify"], mended);
    expect(found.err).toEndWith("things are not as the log says: restore what is missing from a backup\n");
    const said = [];
    for (const address of ["ann@localhost", "bob@localhost"])
      said.push((await done(["restore", backup, "--account", address, "--replace", "--yes"], mended)).out);
    expect(said.join("").match(/, and (\d) damaged blobs? made whole/g)?.length).toBeGreaterThan(0);
    expect((await done(["verify"], mended)).out).toContain(" 0 findings");
  });
});
