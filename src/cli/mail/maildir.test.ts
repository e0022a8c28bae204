import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MailFolder, noFlags } from "./mail-file.ts";
import { dateOfHeader, readEml } from "./read-eml.ts";
import { flagsOfName, readMaildir } from "./read-maildir.ts";
import { infoOf, MaildirWriter } from "./write-maildir.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "eider-maildir-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const date = new Date("2020-05-06T07:08:09Z");
async function messages(folder: MailFolder | undefined) {
  const found = [];
  for await (const { message } of folder!.messages()) found.push(message);
  return found;
}

test("what MaildirWriter writes, readMaildir reads: folders, bytes, dates, flags", async () => {
  const writer = new MaildirWriter(root);
  const bytes = Buffer.from("Subject: \u00ff\r\n\r\nFrom x\r\n\u0000", "latin1");
  const flags = { seen: true, answered: true, flagged: true, deleted: true, draft: true, forwarded: true };
  writer.folder("INBOX").write(7, { bytes, date, flags });
  writer.folder("Entwürfe & mehr/v1.2").write(1, { bytes, date, flags: noFlags });
  writer.folder("Empty");
  const folders = readMaildir(root);
  expect(folders.map(({ path, count }) => [path.join("/"), count])).toEqual([
    ["", 1],
    ["Empty", 0],
    ["Entwürfe & mehr/v1.2", 1],
  ]);
  const [inbox] = await messages(folders[0]);
  expect({ ...inbox, bytes: Buffer.from(inbox!.bytes) }).toEqual({ bytes, date, flags });
  expect((await messages(folders[2]))[0]?.flags).toEqual(noFlags);
});

test("a second export writes only what is not there yet", () => {
  const folder = () => new MaildirWriter(root).folder("INBOX");
  folder().write(7, { bytes: Buffer.from("x"), date, flags: noFlags });
  expect(folder().has(7)).toBe(true);
  expect(folder().has(70)).toBe(false);
});

test("messages come in the order of their dates, from new and cur, and hidden files are none", async () => {
  for (const part of ["cur", "new", "tmp"]) mkdirSync(join(root, part));
  for (const [name, at] of [
    ["cur/b:2,S", 3],
    ["new/c", 2],
    ["cur/a:2,", 1],
    ["cur/.x", 0],
    ["tmp/t", 0],
  ] as const) {
    writeFileSync(join(root, name), `Subject: ${name}\n\n`);
    utimesSync(join(root, name), at, at);
  }
  const found = await messages(readMaildir(root)[0]);
  expect(found.map(({ bytes, flags }) => [Buffer.from(bytes).toString(), flags.seen])).toEqual([
    ["Subject: cur/a:2,\r\n\r\n", false],
    ["Subject: new/c\r\n\r\n", false],
    ["Subject: cur/b:2,S\r\n\r\n", true],
  ]);
});

test("a directory without cur is refused", () => {
  expect(() => readMaildir(root)).toThrow(/it is no maildir/);
});

test("flags stand behind :2, in the name, in ASCII order when written", () => {
  expect(flagsOfName("1.x.host,S=3:2,FS")).toEqual({ ...noFlags, flagged: true, seen: true });
  expect(flagsOfName("1.SFR.host")).toEqual(noFlags);
  expect(infoOf({ seen: true, answered: true, flagged: true, deleted: true, draft: true, forwarded: true })).toBe(
    "2,DFPRST",
  );
});

test("an eml file is dated by its topmost Received, else by Date, else by itself", async () => {
  const received =
    "Received: from a by b;\r\n Tue, 3 Mar 2020 10:00:00 +0100 (CET)\r\nReceived: x; Mon, 2 Mar 2020 10:00:00 +0000\r\n";
  expect(dateOfHeader(Buffer.from(`${received}Date: Sun, 1 Mar 2020 10:00:00 +0000\r\n\r\n`))).toEqual(
    new Date("2020-03-03T09:00:00Z"),
  );
  expect(dateOfHeader(Buffer.from("Date: Sun, 1 Mar 2020 10:00:00 +0000\n\nx"))).toEqual(
    new Date("2020-03-01T10:00:00Z"),
  );
  expect(dateOfHeader(Buffer.from("Subject: x\n\nDate: Sun, 1 Mar 2020 10:00:00 +0000"))).toBeNull();
  writeFileSync(join(root, "b.eml"), "Subject: x\n\n");
  writeFileSync(join(root, "a.EML"), "Date: Sun, 1 Mar 2020 10:00:00 +0000\n\n");
  writeFileSync(join(root, "readme.txt"), "x");
  utimesSync(join(root, "b.eml"), 5, 5);
  expect((await messages(readEml(root))).map(({ date }) => date.toISOString())).toEqual([
    "2020-03-01T10:00:00.000Z",
    "1970-01-01T00:00:05.000Z",
  ]);
  expect(readdirSync(root)).toHaveLength(3);
});
