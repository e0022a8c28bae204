import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
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
        ["Subject: two\r\n\r\n\u00ff\u0000 bytes\r\n", ["$Forwarded", "\\Flagged"], "2020-05-06T07:08:10.000Z"],
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
    expect(files.map((name) => name.replace(/^.*:/, ""))).toEqual(["2,RS", "2,FP"]);
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
    expect(readdirSync(join(line.cwd(), "again/cur")).sort()).toEqual(files);
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
      "Status: RO\r",
      "\r",
      ">From twin\r",
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
});
