import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ImapClient } from "../../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../../test/transcripts/stage.ts";
import { imapCommands } from "./index.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

test("every command has a transcript beside it, and names where it is defined", () => {
  for (const { name, rfc } of imapCommands) {
    expect([name, existsSync(join(import.meta.dir, `${name.toLowerCase()}.transcript`))]).toEqual([name, true]);
    if (name !== "XLIST") expect(rfc.length).toBeGreaterThan(0);
  }
});

test("a command in a state it is not for is BAD and does nothing", async () => {
  const { name } = await stage.newUser();
  const setup = {
    notAuthenticated: [],
    authenticated: [`LOGIN ${name} secret`],
    selected: [`LOGIN ${name} secret`, "SELECT INBOX"],
  } as const;
  for (const state of ["notAuthenticated", "authenticated", "selected"] as const) {
    const client = await ImapClient.connect(stage);
    for (const command of setup[state]) await client.ok(command);
    for (const command of imapCommands.filter(({ states }) => !states.includes(state))) {
      expect((await client.ask(`${command.name} x y z`)).tagged).toMatch(/^\S+ BAD /);
    }
    client.close();
  }
});

/** Pieces of commands, right and wrong, to be put together at random. */
const words = [
  ...'INBOX|inbox|Nowhere|""|"a b"|a/b/c|&AOQ-|&bad|*|%|1|0|1:*|*:1|4294967295|4294967296|1,3:2|99|$|NIL'.split("|"),
  ..."(|)|()|((|[|]|BODY[]|BODY[1.2.MIME]<0.1>|BODY[HEADER.FIELDS (a)]|ENVELOPE|FULL|FLAGS|+FLAGS|-FLAGS.SILENT".split(
    "|",
  ),
  ..."(\\Seen)|\\Seen|\\Recent|(a b c)|(CHANGEDSINCE 1)|(UNCHANGEDSINCE 0)|(QRESYNC (1 1))|RETURN (MIN)|RETURN ()".split(
    "|",
  ),
  ..."ALL|NOT|OR|TEXT x|SINCE 1-Jan-2020|HEADER a b|MODSEQ 1|CHARSET x|UID|(MESSAGES)|(SPECIAL-USE)|PLAIN|AAA=|=".split(
    "|",
  ),
  ...'{0+}\r\n|{3+}\r\nabc|~{1+}\r\n\0|"\\""|"|\\|\u00e4|\u0001|UTF8 (|(USE (\\Junk))|"01-Jan-2026 00:00:00 +0000"'.split(
    "|",
  ),
];

for (const enabled of ["", "CONDSTORE", "QRESYNC UTF8=ACCEPT"]) {
  test(`whatever follows a command, it is answered and the server is well (${enabled || "nothing enabled"})`, async () => {
    let state = 7 + enabled.length;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 0x1_0000_0000) * below);
    };
    const { account, name } = await stage.newUser();
    const source = { kind: "bytes", bytes: Buffer.from("Subject: x\r\n\r\nx\r\n") } as const;
    const noAnswer = new Set(["LOGOUT", "IDLE", "AUTHENTICATE", "STARTTLS", "LOGIN"]);
    const commands = imapCommands.filter((command) => !noAnswer.has(command.name));
    const open = async () => {
      const client = await ImapClient.connect(stage);
      await client.ok(`LOGIN ${name} secret`);
      if (enabled !== "") await client.ok(`ENABLE ${enabled}`);
      await client.ok("SELECT INBOX");
      return client;
    };
    let client = await open();
    for (let n = 0; n < 1_200; n++) {
      if (n % 40 === 0) {
        await stage.change(account, { kind: "append", mailbox: { path: "INBOX" }, flags: [], source });
        client.close();
        client = await open();
      }
      const command = commands[random(commands.length)]!;
      const args = Array.from({ length: random(5) }, () => words[random(words.length)]!);
      const text = [...(random(3) === 0 ? ["UID"] : []), command.name, ...args].join(" ");
      // A literal that announces more than follows would wait for it: what ends the line ends the literal, too.
      const { tagged } = await client.ask(text);
      expect([text, /^\S+ (OK|NO|BAD) /.test(tagged), tagged.includes("SERVERBUG")]).toEqual([text, true, false]);
    }
    client.close();
  }, 30_000);
}
