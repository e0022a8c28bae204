import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { noFlags } from "./mail-file.ts";
import { everything, make, messages } from "./maildir.testing.ts";
import { flagsOfName, infoOf } from "./maildir-names.ts";
import { dateOfHeader, readEml } from "./read-eml.ts";
import { readMaildir } from "./read-maildir.ts";
import { MaildirWriter } from "./write-maildir.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "eider-maildir-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const date = new Date("2020-05-06T07:08:09Z");
const box = "5f0000000000000000000001";

test("what MaildirWriter writes, readMaildir reads: folders, bytes, dates, flags", async () => {
  const writer = new MaildirWriter(root);
  const bytes = Buffer.from("Subject: \u00ff\r\n\r\nFrom x\r\n\u0000", "latin1");
  const flags = { seen: true, answered: true, flagged: true, deleted: true, draft: true, forwarded: true };
  const keywords = ["Work", "$Label1"];
  writer.folder("INBOX", box).write(7, { bytes, date, flags, keywords });
  writer.folder("Entwürfe & mehr/v1.2", box).write(1, { bytes, date, flags: noFlags, keywords: [] });
  writer.folder("Empty", box);
  const { folders, passedOver } = readMaildir(root);
  expect(passedOver).toEqual([]);
  expect(folders.map(({ path, count }) => [path.join("/"), count])).toEqual([
    ["", 1],
    ["Empty", 0],
    ["Entwürfe & mehr/v1.2", 1],
  ]);
  const [inbox] = await messages(folders[0]);
  expect({ ...inbox, bytes: Buffer.from(inbox!.bytes) }).toEqual({ bytes, date, flags, keywords, badKeywords: [] });
  expect((await messages(folders[2]))[0]?.flags).toEqual(noFlags);
});

test("a second export writes only what is not there yet", () => {
  const folder = (mailbox = box) => new MaildirWriter(root).folder("INBOX", mailbox);
  folder().write(7, { bytes: Buffer.from("x"), date, flags: noFlags, keywords: [] });
  expect(folder().has({ uid: 7, size: 1, date })).toBe(true);
  expect(folder().has({ uid: 70, size: 1, date })).toBe(false);
  // The mailbox was deleted and made again, and its UIDs with it.
  expect(folder("5f0000000000000000000002").has({ uid: 7, size: 1, date })).toBe(false);
  // As exports wrote it before names had the mailbox in them.
  writeFileSync(join(root, "cur/1588748889.U8.eider,S=5:2,S"), "12345");
  expect(folder().has({ uid: 8, size: 5, date })).toBe(true);
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
  const found = await messages(readMaildir(root).folders[0]);
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

describe("folders", () => {
  test("lie beside each other or one in the other, as Maildir++, LAYOUT=fs and mbsync have them", async () => {
    make(root, {
      "/": "",
      "cur/1": "inbox",
      ".Sent/": "",
      ".Sent/cur/2": "Maildir++",
      "Lists/eider/": "",
      "Lists/eider/cur/3": "in a directory that is no folder",
      "Archive/": "",
      "Archive/v1.2/": "",
      "Archive/v1.2/new/4": "in one that is, with a dot",
      "Archive/.Legacy.deep/": "",
      "Archive/.Legacy.deep/cur/5": "mbsync's Legacy",
      "Entwürfe/": "",
      "Entwürfe/cur/6": "UTF-8",
      "Entw&APw-rfe 2/": "",
      "Entw&APw-rfe 2/cur/7": "modified UTF-7",
    });
    expect((await everything(root)).found.sort()).toEqual([
      "Archive/Legacy/deep: mbsync's Legacy",
      "Archive/v1.2: in one that is, with a dot",
      "Entwürfe 2: modified UTF-7",
      "Entwürfe: UTF-8",
      "INBOX: inbox",
      "Lists/eider: in a directory that is no folder",
      "Sent: Maildir++",
    ]);
  });

  test("need no mail beside them", async () => {
    make(root, { "Inbox/": "", "Inbox/new/1": "x" });
    expect(await everything(root)).toEqual({ found: ["Inbox: x"], passedOver: [] });
  });

  test("what is beside them is passed over and told, but for what mail servers keep there", async () => {
    make(root, {
      "/": "",
      "dovecot-uidlist": "3 V1 N2\n",
      "dovecot.index.log": "x",
      maildirfolder: "",
      subscriptions: "Sent\n",
      courierimapuiddb: "1 2 3\n",
      ".uidvalidity": "1",
      "courierimaphieracl/x": "x",
      ".Sent/": "",
      ".Sent/maildirfolder": "",
      "old-mail": "From me",
      "attic/one": "x",
      "attic/two/three": "x",
      "cur/sub/x": "x",
      "tmp/half": "x",
      "new/.hidden": "x",
    });
    mkdirSync(join(root, "empty"));
    const { found, passedOver } = await everything(root);
    expect({ found: found.sort(), passedOver }).toEqual({
      found: [
        "INBOX: omitted new/.hidden: its name begins with a dot, as no message's does",
        "INBOX: omitted tmp/half: its delivery was not finished",
        "INBOX: passedOver cur/sub: it is a directory where a file belongs",
      ],
      passedOver: [
        "attic: it is no maildir, and there is none in it",
        "attic/two: it is no maildir, and there is none in it",
        "old-mail: it lies outside of cur and new",
      ],
    });
  });

  test("have names that never meet, and of any length", () => {
    const long = ["ä".repeat(200), "b".repeat(200)];
    const paths = [
      "a.b",
      "a\\2eb",
      "a\\5c2eb",
      "a/b",
      "a\\b",
      "INBOX/x",
      long[0]!,
      `${long[0]}2`,
      `${long[1]}/${long[1]}`,
    ];
    const writer = new MaildirWriter(root);
    for (const [at, path] of paths.entries()) {
      writer.folder(path, box).write(at + 1, { bytes: Buffer.from(path), date, flags: noFlags, keywords: [] });
    }
    const { folders, passedOver } = readMaildir(root);
    expect(passedOver).toEqual([]);
    expect(folders.map(({ path }) => path.join("/")).sort()).toEqual([...paths].sort());
  });

  test("two that meet in one directory of the file system are not mixed", () => {
    const writer = new MaildirWriter(root);
    writer.folder("a", box).close();
    // As where `A` is `a`: the same directory under another name.
    expect(() => writer.folder("a", "5f0000000000000000000002")).toThrow(/mailbox a has the same directory/);
  });
});

describe("the order of messages of the same second", () => {
  async function order(names: Readonly<Record<string, number>>) {
    mkdirSync(join(root, "cur"), { recursive: true });
    for (const [name, at] of Object.entries(names)) {
      writeFileSync(join(root, "cur", name), name);
      utimesSync(join(root, "cur", name), at, at);
    }
    return (await messages(readMaildir(root).folders[0])).map(({ bytes }) => Buffer.from(bytes).toString());
  }

  test("is that of the export, past ten", async () => {
    const writer = new MaildirWriter(root).folder("INBOX", box);
    for (const uid of [1, 2, 9, 10, 11, 100]) {
      writer.write(uid, { bytes: Buffer.from(String(uid)), date, flags: noFlags, keywords: [] });
    }
    expect((await messages(readMaildir(root).folders[0])).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      "1",
      "2",
      "9",
      "10",
      "11",
      "100",
    ]);
    // Those who sort names as text, as Dovecot does, see the same.
    const names = readdirSync(join(root, "cur"));
    expect(names.sort().map((name) => Number(/U(\d+)_/.exec(name)![1]))).toEqual([1, 2, 9, 10, 11, 100]);
  });

  test("is that of the numbers in the names", async () => {
    expect(
      await order({ "9.M100P7.host:2,": 9, "9.M99P7.host:2,S": 9, "9.M5P10_2.host:2,": 9, "9.M5P10_10.host": 9 }),
    ).toEqual(["9.M5P10_2.host:2,", "9.M5P10_10.host", "9.M99P7.host:2,S", "9.M100P7.host:2,"]);
  });

  test("is that of the UIDs that Dovecot, Courier or mbsync gave", async () => {
    const names = { "9.a.host:2,S": 9, "9.b.host:2,": 9, "9.c.host": 9, "8.z": 8 };
    writeFileSync(
      join(root, "dovecot-uidlist"),
      "3 V1 N9 Gabc\n7 W12 S3 :9.a.host\n5 :9.b.host\n6 :9.c.host\n1 :8.z\n",
    );
    expect(await order(names)).toEqual(["8.z", "9.b.host:2,", "9.c.host", "9.a.host:2,S"]);
    rmSync(join(root, "dovecot-uidlist"));
    writeFileSync(join(root, "courierimapuiddb"), "1 1 9\n7 9.b.host\n5 9.c.host\n6 9.a.host\n");
    expect(await order(names)).toEqual(["8.z", "9.c.host", "9.a.host:2,S", "9.b.host:2,"]);
    rmSync(join(root, "courierimapuiddb"));
    rmSync(join(root, "cur"), { recursive: true });
    expect(await order({ "9.b.host,U=2:2,": 9, "9.a.host,U=10:2,": 9 })).toEqual([
      "9.b.host,U=2:2,",
      "9.a.host,U=10:2,",
    ]);
  });
});

describe("keywords", () => {
  const keywordsOf = async () =>
    (await messages(readMaildir(root).folders[0])).map(({ keywords, flags }) => [...keywords, flags.forwarded]);

  test("are the letters of dovecot-keywords, and P is forwarded", async () => {
    make(root, {
      "/": "",
      "dovecot-keywords": "0 Custom\n1 $Label1\n25 Last\n26 none\nrubbish\n",
      "cur/1:2,Sa": "x",
      "cur/2:2,PSabz": "x",
      "cur/3:2,c": "x",
    });
    expect(await keywordsOf()).toEqual([["Custom", false], ["Custom", "$Label1", "Last", true], [false]]);
  });

  test("are in courierimapkeywords, the newest file for a message above the list", async () => {
    make(root, {
      "/": "",
      "courierimapkeywords/:list": "Work\n$Label1\nHome\n\n1.host:0 2\n2.host:1\n3.host:0\n",
      "courierimapkeywords/.17.2.host": "old\n",
      "courierimapkeywords/.18.2.host": "Newer\n",
      "courierimapkeywords/3.host": "",
      "courierimapkeywords/.19.3.host": "Gone\n",
      "courierimapkeywords/.tmp.19.x": "scratch\n",
      "cur/1.host:2,S": "x",
      "cur/2.host:2,": "x",
      "cur/3.host:2,": "x",
    });
    expect(await keywordsOf()).toEqual([["Work", "Home", false], ["Newer", false], [false]]);
  });

  test("go out with the letters of an earlier export, and the 27th has no place", () => {
    const words = Array.from({ length: 27 }, (_, at) => `k${at}`);
    const bytes = Buffer.from("x");
    const first = new MaildirWriter(root).folder("INBOX", box);
    expect(first.write(1, { bytes, date, flags: noFlags, keywords: ["z", "$Forwarded"] })).toEqual([]);
    const second = new MaildirWriter(root).folder("INBOX", box);
    expect(second.write(2, { bytes, date, flags: noFlags, keywords: ["Z", ...words] })).toEqual(["k24", "k25", "k26"]);
    expect(readFileSync(join(root, "dovecot-keywords"), "utf8").split("\n").slice(0, 3)).toEqual([
      "0 z",
      "1 $Forwarded",
      "2 k0",
    ]);
  });
});

test("a message whose flags change while the folder is read is found under its new name", async () => {
  make(root, { "/": "", "new/1": "one", "new/2": "two", "cur/3:2,": "three", "cur/4:2,": "four" });
  const [folder] = readMaildir(root).folders;
  const found = [];
  for await (const each of folder!.messages()) {
    if (found.length === 0) {
      renameSync(join(root, "new/2"), join(root, "cur/2:2,S"));
      renameSync(join(root, "cur/3:2,"), join(root, "cur/3:2,FS"));
      rmSync(join(root, "cur/4:2,"));
    }
    found.push(
      each.kind === "message" ? [Buffer.from(each.message.bytes).toString(), each.message.flags.seen] : each.why,
    );
  }
  expect(found).toEqual([["one", false], ["two", true], ["three", true], "it has been removed meanwhile"]);
});

test("a message that Dovecot compressed is unpacked, and one that cannot be is named", async () => {
  make(root, { "/": "", "cur/2:2,": "BZh91AY&SY", "cur/3:2,": "\u0028\u00b5" });
  writeFileSync(join(root, "cur/1:2,"), gzipSync("Subject: packed\n\nx\n"));
  writeFileSync(join(root, "cur/4:2,"), gzipSync("Subject: packed\n\nx\n").subarray(0, 20));
  for (const name of readdirSync(join(root, "cur"))) utimesSync(join(root, "cur", name), 9, 9);
  const { found } = await everything(root);
  expect(found.slice(0, 2)).toEqual([
    "INBOX: Subject: packed\r\n\r\nx",
    "INBOX: passedOver cur/2:2,: it is compressed with bzip2",
  ]);
  expect(found[3]).toStartWith("INBOX: passedOver cur/4:2,: it is compressed with gzip and cannot be read");
});

test("names in no known character set are read as they are", async () => {
  make(root, { "/": "" });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/cur/`), Buffer.from("1.h\u00f6st:2,S", "latin1")]), "latin1");
  const directory = Buffer.concat([Buffer.from(`${root}/.Entw`), Buffer.from("\u00fcrfe", "latin1")]);
  mkdirSync(directory);
  mkdirSync(Buffer.concat([directory, Buffer.from("/cur")]));
  writeFileSync(Buffer.concat([directory, Buffer.from("/cur/2")]), "draft");
  expect(await everything(root)).toEqual({ found: ["INBOX: latin1", "Entwürfe: draft"], passedOver: [] });
});
