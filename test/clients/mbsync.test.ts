import { afterAll, afterEach, beforeAll, beforeEach, expect } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../server.ts";
import { ImapPeer } from "./differential/imap-peer.ts";
import { mbsyncConfig } from "./mbsync-config.ts";
import { needs } from "./needs.ts";
import { type ClientRun, runClient } from "./run-client.ts";

/** mbsync as people run it: two Maildirs of one user, on two machines, and the server between them. */
let server: TestServer;
let home = "";
let user = "";
let users = 0;
let peer: ImapPeer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "eider-mbsync-"));
  user = `sync${++users}`;
  await server.addUser(user);
  peer = await openPeer();
});
afterEach(() => {
  peer.close();
  rmSync(home, { recursive: true, force: true });
});

async function openPeer(): Promise<ImapPeer> {
  const socket = connect(server.imap, "127.0.0.1");
  const opened = new ImapPeer({
    write: (text) => void socket.write(text, "latin1"),
    incoming: socket,
    close: () => socket.destroy(),
  });
  await opened.greeting();
  await said(`LOGIN ${user} secret`, opened);
  return opened;
}

async function said(command: string, to = peer): Promise<readonly string[]> {
  const { status, text, untagged } = await to.say(command);
  if (status !== "OK") throw new Error(`${command}: ${status} ${text}`);
  return untagged;
}

const flagsOf = async (mailbox: string): Promise<readonly string[]> => {
  await said(`EXAMINE ${mailbox}`);
  const fetched = await said("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])");
  return fetched
    .map((line) => {
      const flags = /FLAGS \(([^)]*)\)/
        .exec(line)![1]!
        .split(" ")
        .filter((flag) => flag !== "\\Recent");
      return `${/Subject: (.*)\r/.exec(line)?.[1]} ${flags.sort().join(" ")}`.trim();
    })
    .sort();
};

/** A Maildir of its own, `name`, kept in step with the server. */
function machine(name: string): { readonly mail: string; sync(): Promise<ClientRun> } {
  const mail = join(home, name);
  mkdirSync(mail);
  const at = { port: server.imap, user, maildir: mail };
  const config = mbsyncConfig(at, "Remove Both", "CopyArrivalDate yes");
  writeFileSync(join(home, `${name}.rc`), config);
  return {
    mail,
    async sync() {
      const run = await runClient(["mbsync", "-V", "-c", join(home, `${name}.rc`), "-a"], "", { HOME: home });
      if (run.code !== 0) throw new Error(`mbsync ended with ${run.code}\n${run.stdout}\n${run.stderr}`);
      return run;
    },
  };
}

/** The files of a Maildir folder, with their paths. */
function files(folder: string): string[] {
  return ["new", "cur"].flatMap((part) => readdirSync(join(folder, part)).map((name) => join(folder, part, name)));
}

/** Its messages as they are on the wire, without the header that mbsync adds for itself. */
function messagesIn(folder: string): string[] {
  return files(folder)
    .map((path) =>
      readFileSync(path, "latin1")
        .replace(/^X-TUID: .*\n/m, "")
        .replaceAll("\n", "\r\n"),
    )
    .sort();
}

/** Two hundred messages, no two alike: every octet a message may have but NUL, bare CR and bare LF, which Maildirs do not carry. */
function oddMessages(): string[] {
  const octets = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
  const everyOctet = octets.replace(/[\0\r\n]/g, "");
  const shapes = [
    (at: number) => `Subject: plain ${at}\r\n\r\nhello\r\n`,
    (at: number) => `Subject: all octets ${at}\r\n\r\n${everyOctet}\r\n`,
    (at: number) => `Subject: long line ${at}\r\n\r\n${"x".repeat(900 + at)}\r\n`,
    (at: number) => `Subject: dots ${at}\r\n\r\n.\r\n..\r\nFrom me\r\n>From you\r\n`,
    (at: number) => `Subject: empty ${at}\r\n\r\n`,
    (at: number) => `Subject: no last line end ${at}\r\n\r\nthe end`,
    (at: number) => `Subject: \xff\xfe ${at}\r\nX: =?utf-8?Q?broken?\r\n\r\n${"gr\xfcn\r\n".repeat(at * 10)}`,
    (at: number) => `Subject: many fields ${at}\r\n${"X-Field: value\r\n".repeat(200)}\r\nbody\r\n`,
    (at: number) => `Subject: literal {3}\r\nX: ${at}\r\n\r\n* 1 EXISTS\r\na OK done\r\n)\r\n`,
    (at: number) => `Subject: large ${at}\r\n\r\n${`${at} 0123456789\r\n`.repeat(5000)}`,
  ];
  return Array.from({ length: 200 }, (_, at) => shapes[at % shapes.length]!(at));
}

needs("mbsync")(
  "mbsync: two hundred odd messages reach another machine with the same bytes, and a second sync does nothing",
  async () => {
    const messages = oddMessages();
    const desk = machine("desk");
    for (const part of ["new", "cur", "tmp"]) mkdirSync(join(desk.mail, "INBOX", part), { recursive: true });
    for (const [at, message] of messages.entries()) {
      writeFileSync(join(desk.mail, "INBOX", "new", `17000${at}.1_1.desk`), message.replaceAll("\r\n", "\n"), "latin1");
    }
    await desk.sync();
    const first = (await said("STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ)"))[0];
    expect(first).toContain("MESSAGES 200");

    const laptop = machine("laptop");
    await laptop.sync();
    expect(messagesIn(join(laptop.mail, "INBOX"))).toEqual([...messages].sort());
    expect(readdirSync(laptop.mail).sort()).toEqual(["Drafts", "INBOX", "Junk", "Sent Mail", "Trash"]);

    const names = files(join(laptop.mail, "INBOX"));
    expect((await laptop.sync()).stdout).not.toMatch(/[1-9]\d* (new|flag)/i);
    expect(files(join(laptop.mail, "INBOX"))).toEqual(names);
    expect((await said("STATUS INBOX (MESSAGES UIDVALIDITY UIDNEXT HIGHESTMODSEQ)"))[0]).toBe(first);
  },
  60_000,
);

needs("mbsync")(
  "mbsync: flags, deletions, new messages and new folders go both ways at once",
  async () => {
    for (const at of [1, 2, 3, 4, 5, 6]) {
      const message = `Subject: ${at}\r\n\r\n${at}\r\n`;
      await said(`APPEND INBOX {${message.length}+}\r\n${message}`);
    }
    const desk = machine("desk");
    const laptop = machine("laptop");
    await desk.sync();
    await laptop.sync();
    const inbox = join(desk.mail, "INBOX");
    const fileOf = (subject: string): string =>
      files(inbox).find((path) => readFileSync(path, "latin1").includes(`Subject: ${subject}\n`))!;
    const setFlags = (subject: string, flags: string): void => {
      const path = fileOf(subject);
      const name = path.slice(path.lastIndexOf("/") + 1).replace(/:2,.*$/, "");
      renameSync(path, join(inbox, "cur", `${name}:2,${flags}`));
    };

    // At the desk: 1 is read and flagged, 2 goes, a message and a folder come.
    setFlags("1", "FS");
    unlinkSync(fileOf("2"));
    writeFileSync(join(inbox, "new", "1800000000.1_1.desk"), "Subject: from the desk\n\nhi\n");
    for (const part of ["new", "cur", "tmp"])
      mkdirSync(join(desk.mail, "Projects", "Gr&APw-n", part), { recursive: true });
    for (const part of ["new", "cur", "tmp"]) mkdirSync(join(desk.mail, "Projects", part), { recursive: true });
    writeFileSync(join(desk.mail, "Projects", "Gr&APw-n", "cur", "1800000001.1_1.desk:2,R"), "Subject: inside\n\nx\n");
    // On the server: 3 is answered, 1 too, 4 goes, 5 moves, a folder comes.
    await said("SELECT INBOX");
    await said("STORE 1,3 +FLAGS (\\Answered)");
    await said("UID STORE 4 +FLAGS.SILENT (\\Deleted)");
    await said("EXPUNGE");
    await said("CREATE Archive");
    await said("UID MOVE 5 Archive");

    await desk.sync();
    await laptop.sync();
    const expected = ["1 \\Answered \\Flagged \\Seen", "3 \\Answered", "6", "from the desk"];
    expect(await flagsOf("INBOX")).toEqual(expected);
    expect(await flagsOf("Archive")).toEqual(["5"]);
    expect(await flagsOf('"Projects/Gr&APw-n"')).toEqual(["inside \\Answered"]);
    for (const { mail } of [desk, laptop]) {
      const seen = files(join(mail, "INBOX")).map((path) => {
        const flags = /:2,(.*)$/.exec(path)?.[1] ?? "";
        return `${/Subject: (.*)\n/.exec(readFileSync(path, "latin1"))![1]} ${flags}`.trim();
      });
      expect(seen.sort()).toEqual(["1 FRS", "3 R", "6", "from the desk"]);
      expect(messagesIn(join(mail, "Archive"))).toEqual(["Subject: 5\r\n\r\n5\r\n"]);
      expect(messagesIn(join(mail, "Projects", "Gr&APw-n"))).toEqual(["Subject: inside\r\n\r\nx\r\n"]);
    }
  },
  60_000,
);
