import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type CommandLine, startCommandLine } from "./command-line.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.stop());
beforeEach(() => line.begin());
afterEach(() => line.end());

describe("eider import and export", () => {
  const date = new Date("2020-05-06T07:08:09Z");
  /** A maildir with two messages in its root and one in the folder Lists.Käse. */
  function maildir(): string {
    const root = join(line.cwd(), "mail");
    for (const folder of ["", ".Lists.K&AOQ-se"])
      for (const part of ["cur", "new", "tmp"]) mkdirSync(join(root, folder, part), { recursive: true });
    const files = {
      "cur/1.a:2,RS": "Subject: one\n\nFrom me\n",
      "cur/2.b:2,FP": "Subject: two\r\n\r\n\u00ff\u0000 bytes\r\n",
      ".Lists.K&AOQ-se/new/3.c": "Subject: three\n\nx\n",
    };
    for (const [at, [name, text]] of Object.entries(files).entries()) {
      writeFileSync(join(root, name), text, "latin1");
      utimesSync(join(root, name), date.getTime() / 1000 + at, date.getTime() / 1000 + at);
    }
    return root;
  }

  test("a maildir comes in with folders, dates and flags, and a second import brings nothing twice", async () => {
    await line.addUser("mover@example.com");
    expect(await line.eider(["import", "mover@example.com", "maildir", maildir()])).toMatchObject({
      code: 0,
      out: "Imported 3 messages\n",
      err: "",
    });
    expect(await line.eider(["import", "mover@example.com", "maildir", maildir()])).toMatchObject({
      code: 0,
      out: "Imported 0 messages, 3 were there already\n",
    });

    await line.imap("mover@example.com", async (client) => {
      const list = async (path: string) => {
        await client.mailboxOpen(path, { readOnly: true });
        const found = await client.fetchAll("1:*", { source: true, flags: true, internalDate: true });
        return found.map(({ source, flags, internalDate }) => [
          source!.toString("latin1"),
          [...flags!].filter((flag) => flag !== "\\Recent").sort(),
          new Date(internalDate as Date).toISOString(),
        ]);
      };
      expect(await list("INBOX")).toEqual([
        ["Subject: one\r\n\r\nFrom me\r\n", ["\\Answered", "\\Seen"], "2020-05-06T07:08:09.000Z"],
        // IMAP shows NUL as another octet; the export below has it.
        ["Subject: two\r\n\r\n\u00ff\u0080 bytes\r\n", ["$Forwarded", "\\Flagged"], "2020-05-06T07:08:10.000Z"],
      ]);
      expect(await list("Lists/Käse")).toEqual([["Subject: three\r\n\r\nx\r\n", [], "2020-05-06T07:08:11.000Z"]]);
    });
  });

  test("an exported maildir has the same bytes, dates and flags, and goes in elsewhere", async () => {
    await line.addUser("source@example.com");
    await line.addUser("target@example.com");
    await line.eider(["import", "source@example.com", "maildir", maildir()]);
    expect((await line.eider(["export", "source@example.com", "maildir", "out", "--json"])).json()).toMatchObject({
      messages: 3,
    });
    const files = readdirSync(join(line.cwd(), "out/cur")).sort();
    expect(files.map((name) => name.replace(/^.*:/, ""))).toEqual(["2,RS", "2,FPa"]);
    expect(readFileSync(join(line.cwd(), "out/dovecot-keywords"), "utf8")).toBe("0 $Forwarded\n");
    expect(readFileSync(join(line.cwd(), "out/cur", files[1]!), "latin1")).toBe(
      "Subject: two\r\n\r\n\u00ff\u0000 bytes\r\n",
    );
    expect(statSync(join(line.cwd(), "out/cur", files[1]!)).mtime).toEqual(new Date("2020-05-06T07:08:10Z"));
    expect(readdirSync(join(line.cwd(), "out/.Lists.K&AOQ-se/cur"))).toHaveLength(1);
    expect(await line.eider(["export", "source@example.com", "maildir", "out"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Exported 0 messages"),
    });

    expect((await line.eider(["import", "target@example.com", "maildir", "out"])).out).toBe("Imported 3 messages\n");
    await line.eider(["export", "target@example.com", "maildir", "again"]);
    // The mailbox's id is in the names, and it is another.
    const names = (list: string[]) => list.map((name) => name.replace(/_[0-9a-f]{24}/, "")).sort();
    expect(names(readdirSync(join(line.cwd(), "again/cur")))).toEqual(names(files));
  });

  test("an mbox goes out and comes in again, equal messages included", async () => {
    await line.addUser("boxes@example.com");
    const twin = "From a@b Sat Jan  3 01:05:34 1996\nStatus: RO\n\n>From twin\n\n";
    writeFileSync(
      join(line.cwd(), "in.mbox"),
      `${twin}${twin}From a@b Sat Jan  3 01:05:35 1996\nSubject: other\n\nx\n`,
    );
    const run = ["import", "boxes@example.com", "mbox", "in.mbox", "--mailbox", "Old/Box"];
    expect((await line.eider(run)).out).toBe("Imported 3 messages\n");
    expect((await line.eider(run)).out).toBe("Imported 0 messages, 3 were there already\n");

    expect((await line.eider(["export", "boxes@example.com", "mbox", "out"])).code).toBe(0);
    expect(readFileSync(join(line.cwd(), "out/Old/Box.mbox"), "latin1").split("\n").slice(0, 4)).toEqual([
      "From MAILER-DAEMON Wed Jan  3 01:05:34 1996",
      "\r",
      ">From twin\r",
      "",
    ]);
    expect(
      (await line.eider(["import", "boxes@example.com", "mbox", "out/Old/Box.mbox", "--mailbox", "Old/Box"])).out,
    ).toBe("Imported 0 messages, 3 were there already\n");
    const again = await line.eider(["export", "boxes@example.com", "mbox", "out"]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("export into an empty directory") });
  });

  test("--mailbox means the same mailbox however it is spelt, and one that cannot be is refused", async () => {
    await line.addUser("spelt@example.com");
    writeFileSync(join(line.cwd(), "in.mbox"), "From a@b Sat Jan  3 01:05:34 1996\nSubject: one\n\nx\n");
    const into = (mailbox: string) =>
      line.eider(["import", "spelt@example.com", "mbox", "in.mbox", "--mailbox", mailbox]);
    expect((await into("inbox/Gr\u00fcn")).out).toBe("Imported 1 message\n");
    for (const spelling of ["INBOX/Gru\u0308n", "/Inbox/Gr\u00fcn/"])
      expect((await into(spelling)).out).toBe("Imported 0 messages, 1 were there already\n");
    expect(await into("a//b")).toMatchObject({ code: 2, err: expect.stringContaining("a level is empty") });
    const folders = await line.eider(["import", "spelt@example.com", "maildir", maildir(), "--mailbox", "Inbox/"]);
    expect(folders.code).toBe(0);
    await line.imap("spelt@example.com", async (client) => {
      expect((await client.list()).map(({ path }) => path)).toContain("Lists/K\u00e4se");
    });
  });

  test("a message with a date that cannot be kept comes in under the nearest, and is known the second time", async () => {
    await line.addUser("old@example.com");
    const separators = ["From a@b Wed Dec 31 12:00:00 1969", "From a@b Sat Jan  1 01:05:35 2107"];
    writeFileSync(
      join(line.cwd(), "in.mbox"),
      separators.map((separator, at) => `${separator}\nSubject: ${at}\n\nx\n\n`).join(""),
    );
    const run = ["import", "old@example.com", "mbox", "in.mbox"];
    expect(await line.eider(run)).toMatchObject({ code: 0, out: "Imported 2 messages\n" });
    expect((await line.eider(run)).out).toBe("Imported 0 messages, 2 were there already\n");
    await line.imap("old@example.com", async (client) => {
      await client.mailboxOpen("INBOX", { readOnly: true });
      const found = await client.fetchAll("1:*", { internalDate: true });
      expect(found.map(({ internalDate }) => new Date(internalDate as Date).toISOString())).toEqual([
        "1970-01-01T00:00:00.000Z",
        "2106-02-07T06:28:15.000Z",
      ]);
    });
  });

  test("what the server refuses is named, the others are stored", async () => {
    await line.addUser("eml@example.com");
    mkdirSync(join(line.cwd(), "eml"));
    writeFileSync(join(line.cwd(), "eml/1.eml"), "Date: Sun, 1 Mar 2020 10:00:00 +0000\n\nx\n");
    writeFileSync(join(line.cwd(), "eml/2.eml"), "x".repeat(200_000));
    const { code, out, err } = await line.eider(["import", "eml@example.com", "eml", "eml"]);
    expect({ code, out }).toEqual({ code: 1, out: "Imported 1 message\n" });
    expect(err).toMatch(/^warning: not imported: .*2\.eml: .+\neider: 1 messages were not imported: .+\n$/);
  });

  test("a full mailbox stops the import, and it goes on when there is room", async () => {
    const id = await line.addUser("full@example.com", "--quota", "2K");
    const box = [1, 2, 3]
      .map((n) => `From a@b Sat Jan  3 01:05:3${n} 1996\nSubject: ${n}\n\n${"x".repeat(900)}\n\n`)
      .join("");
    writeFileSync(join(line.cwd(), "in.mbox"), box);
    const full = await line.eider(["import", "full@example.com", "mbox", "in.mbox"]);
    expect(full).toMatchObject({ code: 1, err: expect.stringContaining("The mailbox is full after 2 messages") });
    await fetch(`${line.url}/users/${id}`, {
      method: "PUT",
      headers: {
        "x-access-token": readFileSync(join(line.data, "token"), "utf8").trim(),
        "content-type": "application/json",
      },
      body: JSON.stringify({ quota: 1_000_000 }),
    });
    expect((await line.eider(["import", "full@example.com", "mbox", "in.mbox"])).out).toBe(
      "Imported 1 message, 2 were there already\n",
    );
  });

  const lines = (text: string) => text.trimEnd().split("\n");
  const put = (path: string, text: string) => {
    mkdirSync(join(line.cwd(), path, ".."), { recursive: true });
    writeFileSync(join(line.cwd(), path), text);
  };
  const folder = (path: string) => {
    for (const part of ["cur", "new", "tmp"]) mkdirSync(join(line.cwd(), path, part), { recursive: true });
  };
  /** What IMAP shows of a mailbox, in its order: subject and flags. */
  const shown = (user: string, path: string) =>
    line.imap(user, async (client) => {
      await client.mailboxOpen(path, { readOnly: true });
      const found = await client.fetchAll("1:*", { envelope: true, flags: true });
      return found.map(({ envelope, flags }) => {
        return [envelope?.subject, ...[...flags!].filter((flag) => flag !== "\\Recent").sort()].join(" ");
      });
    });

  test("every message of an mbox is imported or named, with flags and keywords", async () => {
    await line.addUser("counts@example.com");
    const from = (rest: string) => `From ${rest}\n`;
    const mail = (subject: string, more = "") => `${more}Subject: ${subject}\n\nbody\n\n`;
    put(
      "in.mbox",
      [
        from("MAILER-DAEMON Sat Jan  3 01:05:34 1996"),
        mail("DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA", "X-IMAP: 1 2\n"),
        from(""),
        mail("bare", "X-Mozilla-Status: 0005\nX-Mozilla-Keys: $label1 Work   \n"),
        from("a@b Sat Jan  3 01:05:35 1994 PST"),
        mail("zone", "Status: delivered\nX-Status: Forward\n"),
        from("a@b Sat Jan  3 01:05:36 1994 (+0700)"),
        mail("comment", "X-UID: 7\nX-Status: AD\nX-Keywords: Own a(b\nContent-Length: 5\n"),
        from("a!b Sat Jan  3 01:05:37 1994 remote from x"),
        mail("uucp"),
        from("- Sat Jan  3 01:05:38 1994"),
        mail("deleted", "X-Mozilla-Status: 0009\n"),
      ].join(""),
    );
    const { code, out, err } = await line.eider(["import", "counts@example.com", "mbox", "in.mbox"]);
    expect({ code, out }).toEqual({ code: 1, out: "Imported 4 messages, 2 left out\n" });
    expect(lines(err)).toEqual([
      "left out: in.mbox, message 1: it is no message but what UW or Dovecot keep of the folder",
      "left out: in.mbox, message 6: it was deleted in Thunderbird, and is there until the folder is compacted",
      "warning: passed over: in.mbox, message 4: its keyword a(b is none that IMAP can have",
      "eider: 1 things were passed over: they cannot be read as mail, see above: the others are stored",
    ]);
    expect(await shown("counts@example.com", "INBOX")).toEqual([
      "bare $label1 Work \\Flagged \\Seen",
      "zone",
      "comment Own \\Answered \\Deleted",
      "uucp",
    ]);
    const again = await line.eider(["import", "counts@example.com", "mbox", "in.mbox", "--json"]);
    expect(again.json()).toMatchObject({ stored: 0, present: 4, omitted: [{}, {}], refused: [], passedOver: [{}] });
  });

  test("an mbox with lengths is taken as --format says, else as it shows", async () => {
    const body = "a\n\nFrom b Sat Jan  3 01:05:34 1996\nc\n";
    const box = `From a@b Sat Jan  3 01:05:34 1996\nSubject: x\nContent-Length: ${body.length}\n\n${body}\n`;
    await line.addUser("kinds@example.com");
    put("in.mbox", box);
    const run = (...more: string[]) => line.eider(["import", "kinds@example.com", "mbox", "in.mbox", ...more]);
    expect((await run("--mailbox", "Auto")).out).toBe("Imported 1 message\n");
    expect((await run("--mailbox", "Said", "--format", "mboxo")).out).toBe("Imported 2 messages\n");
    expect((await run("--format", "mboxx")).code).toBe(2);
    const eml = await line.eider(["import", "kinds@example.com", "eml", "in.mbox", "--format", "mboxrd"]);
    expect(eml).toMatchObject({ code: 2, err: expect.stringContaining("--format is for mbox alone") });
  });

  test("what an earlier version stored with the fields of its mbox does not come twice", async () => {
    await line.addUser("earlier@example.com");
    put("old.eml", "Status: RO\r\nDate: Wed, 3 Jan 1996 01:05:34 +0000\r\n\r\nx\r\n");
    put("in.mbox", "From a@b Sat Jan  3 01:05:34 1996\nStatus: RO\nDate: Wed, 3 Jan 1996 01:05:34 +0000\n\nx\n");
    await line.eider(["import", "earlier@example.com", "eml", "old.eml"]);
    expect((await line.eider(["import", "earlier@example.com", "mbox", "in.mbox"])).out).toBe(
      "Imported 0 messages, 1 were there already\n",
    );
  });

  test("links, special files, odd names and odd folders of a maildir end nothing and are named", async () => {
    await line.addUser("odd@example.com");
    folder("odd");
    folder("odd/.a..b");
    folder("odd/Nested/Deeper");
    put("secret", "Subject: secret\n\nx\n");
    put("odd/cur/1:2,S", "Subject: one\n\nx\n");
    put("odd/.a..b/cur/2:2,", "Subject: two\n\nx\n");
    put("odd/Nested/Deeper/new/3", "Subject: three\n\nx\n");
    put("odd/zz-notes", "x");
    symlinkSync("../../secret", join(line.cwd(), "odd/cur/4:2,"));
    symlinkSync("/etc", join(line.cwd(), "odd/.Etc"));
    expect(Bun.spawnSync(["mkfifo", join(line.cwd(), "odd/new/fifo")]).exitCode).toBe(0);
    const { code, out, err } = await line.eider(["import", "odd@example.com", "maildir", "odd"]);
    expect({ code, out }).toEqual({ code: 1, out: "Imported 2 messages\n" });
    const root = join(line.cwd(), "odd");
    expect(lines(err).sort()).toEqual([
      "eider: 1 messages were not imported and 4 things were passed over: the server refused them, see above; they cannot be read as mail, see above: the others are stored",
      expect.stringMatching(/^warning: not imported: .*\/\.a\.\.b\/cur\/2:2,: there can be no mailbox a\/\/b: ./),
      `warning: passed over: ${root}/.Etc: it is a symbolic link, and links are not followed`,
      `warning: passed over: ${root}/cur/4:2,: it is a symbolic link, and links are not followed`,
      `warning: passed over: ${root}/new/fifo: it is a FIFO`,
      `warning: passed over: ${root}/zz-notes: it lies outside of cur and new`,
    ] as string[]);
    expect(await shown("odd@example.com", "INBOX")).toEqual(["one \\Seen"]);
    expect(await shown("odd@example.com", "Nested/Deeper")).toEqual(["three"]);
  });

  test("folders whose names meet, long ones, keywords and the order of a second go out and come in", async () => {
    await line.addUser("there@example.com");
    await line.addUser("back@example.com");
    const long = `${"ä".repeat(110)}/${"b".repeat(100)}`;
    const names = ["a.b", "a\\2eb", "a\\5c2eb", long];
    for (const name of names) {
      const from = "From a@b Sat Jan  3 01:05:34 1996\n";
      const box = Array.from({ length: 12 }, (_, n) => `${from}X-Keywords: Work k${n}\nSubject: ${n}\n\n${name}\n\n`);
      put("in.mbox", box.join(""));
      await line.eider(["import", "there@example.com", "mbox", "in.mbox", "--mailbox", name]);
    }
    expect((await line.eider(["export", "there@example.com", "maildir", "out", "--json"])).json()).toMatchObject({
      messages: 48,
      notExported: [],
    });
    expect(await line.eider(["import", "back@example.com", "maildir", "out"])).toMatchObject({
      code: 0,
      out: "Imported 48 messages\n",
      err: "",
    });
    for (const name of names) {
      const there = await shown("there@example.com", name);
      expect(there[11]).toBe("11 Work k11");
      expect(await shown("back@example.com", name)).toEqual(there);
    }
    expect((await line.eider(["import", "back@example.com", "maildir", "out"])).out).toBe(
      "Imported 0 messages, 48 were there already\n",
    );
  });

  test("a mailbox that was deleted and made again is exported beside what it was", async () => {
    await line.addUser("anew@example.com");
    const box = (subject: string) => {
      put("in.mbox", `From a@b Sat Jan  3 01:05:34 1996\nSubject: ${subject}\n\nx\n`);
      return line.eider(["import", "anew@example.com", "mbox", "in.mbox", "--mailbox", "Box"]);
    };
    await box("one");
    await line.eider(["export", "anew@example.com", "maildir", "out"]);
    await line.imap("anew@example.com", (client) => client.mailboxDelete("Box"));
    await box("two");
    expect((await line.eider(["export", "anew@example.com", "maildir", "out"])).out).toContain("Exported 1 messages");
    expect(readdirSync(join(line.cwd(), "out/.Box/cur"))).toHaveLength(2);
  });

  test("what stands in the way of one mailbox is told, and the others are exported", async () => {
    await line.addUser("way@example.com");
    for (const name of ["a", "b", "a.mbox/c"]) {
      put("in.mbox", `From a@b Sat Jan  3 01:05:34 1996\nSubject: ${name}\n\nx\n`);
      await line.eider(["import", "way@example.com", "mbox", "in.mbox", "--mailbox", name]);
    }
    mkdirSync(join(line.cwd(), "out"));
    mkdirSync(join(line.cwd(), "elsewhere"));
    symlinkSync("../elsewhere", join(line.cwd(), "out/.a"));
    const run = await line.eider(["export", "way@example.com", "maildir", "out"]);
    expect(run).toMatchObject({ code: 1, out: expect.stringContaining("Exported 2 messages") });
    expect(run.err).toStartWith(
      "warning: not exported: mailbox a: it is a symbolic link, and links are not followed\n",
    );
    expect(readdirSync(join(line.cwd(), "elsewhere"))).toEqual([]);
    const boxes = await line.eider(["export", "way@example.com", "mbox", "boxes"]);
    expect(boxes).toMatchObject({ code: 0, out: expect.stringContaining("Exported 3 messages") });
    rmSync(join(line.cwd(), "boxes/b.mbox"));
    const again = await line.eider(["export", "way@example.com", "mbox", "boxes"]);
    expect(again).toMatchObject({ code: 1, out: expect.stringContaining("Exported 1 messages") });
    symlinkSync("out", join(line.cwd(), "out-link"));
    expect(await line.eider(["export", "way@example.com", "maildir", "out-link"])).toMatchObject({ code: 1, out: "" });
  });
});
