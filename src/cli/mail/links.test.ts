import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { noFlags } from "./mail-file.ts";
import { everything, make, messages } from "./maildir.testing.ts";
import { readEml } from "./read-eml.ts";
import { readMaildir } from "./read-maildir.ts";
import { readMbox } from "./read-mbox.ts";
import { MaildirWriter } from "./write-maildir.ts";
import { MboxWriter } from "./write-mbox.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "eider-links-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const date = new Date("2020-05-06T07:08:09Z");
const box = "5f0000000000000000000001";

describe("links and special files", () => {
  const words = "it is a symbolic link, and links are not followed";

  test("are named at every level, and what they lead to is not read", async () => {
    const secret = mkdtempSync(join(tmpdir(), "eider-secret-"));
    try {
      make(secret, { "/": "", "cur/1": "secret", ".Box/": "", ".Box/cur/2": "secret", plain: "secret" });
      make(root, { "/": "", "cur/own": "own", ".Sub/": "", ".Half/cur/3": "own" });
      symlinkSync(join(secret, "plain"), join(root, "cur/link"));
      symlinkSync(join(secret, "cur"), join(root, ".Half/new"));
      symlinkSync(join(secret, ".Box"), join(root, ".Box"));
      symlinkSync(secret, join(root, "nested"));
      symlinkSync(join(secret, "plain"), join(root, ".Sub/dovecot-keywords"));
      expect(Bun.spawnSync(["mkfifo", join(root, "new/fifo")]).exitCode).toBe(0);
      const { found, passedOver } = await everything(root);
      expect(found.sort()).toEqual([
        "Half: own",
        `INBOX: own`,
        `INBOX: passedOver cur/link: ${words}`,
        "INBOX: passedOver new/fifo: it is a FIFO",
        `Sub: passedOver .Sub, keywords: ${words}`,
      ]);
      expect(passedOver).toEqual([
        `.Box: ${words}`,
        `.Half/new: ${words}`,
        `.Sub/dovecot-keywords: ${words}`,
        `nested: ${words}`,
      ]);
      symlinkSync(root, join(secret, "to-root"));
      expect(() => readMaildir(join(secret, "to-root"))).toThrow(/symbolic link.*name the directory that it leads to/);
    } finally {
      rmSync(secret, { recursive: true });
    }
  });

  test("put in place of a folder or a file after they were looked at are not followed", async () => {
    const secret = mkdtempSync(join(tmpdir(), "eider-secret-"));
    try {
      make(secret, { "/": "", "cur/1": "secret", "new/1": "secret" });
      make(root, {
        "/": "",
        ".A/": "",
        ".A/cur/1": "own",
        ".B/": "",
        ".B/cur/1": "own",
        "cur/1": "own",
        "cur/2": "own",
      });
      const { folders } = readMaildir(root);
      rmSync(join(root, ".A"), { recursive: true });
      symlinkSync(secret, join(root, ".A"));
      rmSync(join(root, ".B/cur"), { recursive: true });
      symlinkSync(join(secret, "cur"), join(root, ".B/cur"));
      const swapped = folders.find(({ path }) => path[0] === "A")!.messages();
      expect((await swapped[Symbol.asyncIterator]().next()).value).toMatchObject({ kind: "passedOver", why: words });
      expect(await messages(folders.find(({ path }) => path[0] === "B"))).toEqual([]);
      const read = folders[0]!.messages()[Symbol.asyncIterator]();
      await read.next();
      // The directory is held now: a link in its place changes nothing, one in the place of a file is seen.
      rmSync(join(root, "cur/2"));
      symlinkSync(join(secret, "cur/1"), join(root, "cur/2"));
      renameSync(join(root, "cur"), join(root, "moved"));
      symlinkSync(join(secret, "cur"), join(root, "cur"));
      expect((await read.next()).value).toMatchObject({ kind: "passedOver", why: words });
    } finally {
      rmSync(secret, { recursive: true });
    }
  });

  test("are not written through", () => {
    const other = mkdtempSync(join(tmpdir(), "eider-other-"));
    const message = { bytes: Buffer.from("x"), date, flags: noFlags, keywords: ["Work"] };
    try {
      for (const name of [".Dir", ".Cur/cur", ".Kw/dovecot-keywords"]) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        symlinkSync(name.endsWith("keywords") ? join(other, "file") : other, join(root, name));
      }
      symlinkSync(other, join(other, "to-other"));
      for (const name of ["Dir", "Cur"]) expect(() => new MaildirWriter(root).folder(name, box)).toThrow(words);
      expect(() => new MaildirWriter(join(other, "to-other"))).toThrow(words);
      writeFileSync(join(other, "file"), "untouched");
      expect(() => new MaildirWriter(root).folder("Kw", box)).toThrow(words);
      const folder = new MaildirWriter(root).folder("Tmp", box);
      symlinkSync(join(other, "file"), join(root, `.Tmp/tmp/1588748889.U0000000001_${box}.eider,S=1`));
      folder.write(1, message);
      expect(readFileSync(join(other, "file"), "utf8")).toBe("untouched");
      expect(readdirSync(other).sort()).toEqual(["file", "to-other"]);
      symlinkSync(other, join(root, "mbox"));
      symlinkSync(join(other, "file"), join(root, "INBOX.mbox"));
      expect(() => new MboxWriter(join(root, "mbox"))).toThrow(words);
      expect(() => new MboxWriter(root).folder("mbox/x")).toThrow(words);
      expect(() => new MboxWriter(root).folder("INBOX")).toThrow(/EEXIST/);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test("are no mbox and no eml either", async () => {
    writeFileSync(join(root, "box"), "From a@b Sat Jan  3 01:05:34 1996\nA: b\n\nx\n");
    writeFileSync(join(root, "a.eml"), "A: b\n\nx\n");
    symlinkSync("box", join(root, "box-link"));
    symlinkSync("a.eml", join(root, "b.eml"));
    expect(() => readMbox(join(root, "box-link"))).toThrow(words);
    const left = [];
    for await (const each of readEml(root).messages()) if (each.kind !== "message") left.push([each.kind, each.why]);
    expect(left).toEqual([
      ["passedOver", words],
      ["omitted", "its name does not end in .eml"],
      ["passedOver", words],
    ]);
  });
});
