import { afterAll, beforeAll, expect, test } from "bun:test";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";

let stage: Stage;
let user: string;

beforeAll(async () => {
  stage = await Stage.open({ lineLength: 16 * 1024, messageSize: 1024 * 1024 });
  user = (await stage.newUser()).name;
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

test("a line that is too long is BAD, and the next command is read as it was sent", async () => {
  const client = await ImapClient.inInbox(stage, user);
  expect((await client.ask(`NOOP ${"x".repeat(20_000)}`)).tagged).toBe("t3 BAD NOOP: Line is too long");
  expect((await client.ask("NOOP")).tagged).toBe("t4 OK NOOP completed");
  client.close();
});

test("a line that never ends ends the connection, and costs no memory on the way", async () => {
  const client = await ImapClient.connect(stage);
  const piece = Buffer.alloc(64 * 1024, "x");
  const before = process.memoryUsage().rss;
  for (let sent = 0; sent < 32; sent++) client.wire.sayOctets(piece);
  const heard = await client.end();
  expect(heard.at(-1)).toStartWith("* BYE ");
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test("before login a command may be no longer than a name and a password", async () => {
  const client = await ImapClient.connect(stage);
  client.wire.say(`a LOGIN ${user} {100000}\r\n`);
  expect((await client.answer("a")).tagged).toBe("a BAD LOGIN: Literal is too big");
  client.wire.say(`b LOGIN ${user} {6}\r\n`);
  expect(await client.wire.hear()).toStartWith("+");
  client.wire.say("secret\r\n");
  expect((await client.answer("b")).tagged).toStartWith("b OK");
  client.close();
});

test("literals together are limited, in any command", async () => {
  const client = await ImapClient.inInbox(stage, user);
  client.wire.say("a SEARCH SUBJECT {70000}\r\n");
  expect((await client.answer("a")).tagged).toBe("a BAD SEARCH: Literal is too big");
  client.wire.say(`b SEARCH SUBJECT {70000+}\r\n${"x".repeat(70_000)}\r\nc NOOP\r\n`);
  expect((await client.answer("b")).tagged).toBe("b BAD SEARCH: Literal is too big");
  expect((await client.answer("c")).tagged).toBe("c OK NOOP completed");
  client.close();
});

test("a message over the limit is refused before it is sent, or read past where it is sent anyway", async () => {
  const client = await ImapClient.inInbox(stage, user);
  client.wire.say("a APPEND INBOX {2000000}\r\n");
  expect((await client.answer("a")).tagged).toBe("a NO [TOOBIG] Message is too large");
  client.wire.say("b APPEND INBOX {2000000+}\r\n");
  for (let sent = 0; sent < 20; sent++) client.wire.say("x".repeat(100_000));
  client.wire.say("\r\nc NOOP\r\n");
  expect((await client.answer("b")).tagged).toBe("b NO [TOOBIG] Message is too large");
  expect((await client.answer("c")).tagged).toBe("c OK NOOP completed");
  expect((await client.ok("STATUS INBOX (MESSAGES)")).lines).toEqual(["* STATUS INBOX (MESSAGES 0)"]);
  client.close();
});

test("octets that are no commands are BAD, and after fifty of them the connection ends", async () => {
  const client = await ImapClient.connect(stage);
  const noise = [
    "\0\0\0",
    "\x16\x03\x01\x02",
    "GET / HTTP/1.1",
    "a",
    "",
    "* OK hello",
    "é è",
    "a b\0c",
    "+ x",
    "a \t b",
  ];
  for (let said = 0; said < 60; said++) client.wire.say(`${noise[said % noise.length]}\r\n`);
  const heard = await client.end();
  expect(heard.at(-1)).toBe("* BYE Too many bad commands");
  expect(heard.length).toBe(51);
  for (const line of heard.slice(0, -1)) expect(line).toMatch(/^\S+ BAD /);
});

test("bare LF ends a line, a bare CR does not", async () => {
  const client = await ImapClient.connect(stage);
  client.wire.say("a NOOP\nb NOOP\rc NOOP\r\n");
  expect((await client.answer("a")).tagged).toBe("a OK NOOP completed");
  expect((await client.answer("b")).tagged).toStartWith("b BAD");
  client.close();
});

test("a thousand commands in one packet are answered in order", async () => {
  const client = await ImapClient.inInbox(stage, user);
  let text = "";
  for (let n = 0; n < 1_000; n++) text += `p${n} NOOP\r\n`;
  client.wire.say(text);
  for (let n = 0; n < 1_000; n++) expect(await client.wire.hear()).toBe(`p${n} OK NOOP completed`);
  client.close();
});

test("commands that arrive octet by octet are the same commands", async () => {
  const client = await ImapClient.connect(stage);
  for (const octet of `a LOGIN ${user} {6+}\r\nsecret\r\n`) client.wire.say(octet);
  expect((await client.answer("a")).tagged).toStartWith("a OK");
  client.close();
});

test("passwords may be guessed five times on a connection", async () => {
  const victim = (await stage.newUser()).name;
  const client = await ImapClient.connect(stage);
  for (let n = 0; n < 5; n++) client.wire.say(`a${n} LOGIN ${victim} guess${n}\r\n`);
  const heard = await client.end();
  expect(heard.filter((line) => line.includes("NO [AUTHENTICATIONFAILED]")).length).toBe(5);
  expect(heard.at(-1)).toBe("* BYE Too many bad commands");
});

test("clients that go away in the middle of a command leave nothing behind", async () => {
  const listening = await stage.listening("imap");
  const halves = ["a", "a LOGIN ", `a LOGIN ${user} {6}\r\n`, "a LOGIN {5+}\r\nab", "a AUTHENTICATE PLAIN\r\n"];
  for (const half of halves) {
    const client = await ImapClient.connect(stage);
    client.wire.say(half);
    client.close();
  }
  const later = [
    "a APPEND INBOX {1000000}\r\n",
    "a APPEND INBOX {500000+}\r\nSubject: half\r\n",
    "a IDLE\r\n",
    "a FETCH 1:",
  ];
  for (const half of later) {
    const client = await ImapClient.inInbox(stage, user);
    client.wire.say(half);
    client.close();
  }
  const account = (await stage.services.sessions.list()).length;
  const last = await ImapClient.inInbox(stage, user);
  // The server hears of a client's end in its own time, but before it hears a later client's next commands.
  for (let tries = 0; tries < 200 && listening.connections() > 1; tries++) await last.ok("NOOP");
  expect(listening.connections()).toBe(1);
  for (let tries = 0; tries < 200 && (await stage.services.sessions.list()).length > 1; tries++) await last.ok("NOOP");
  expect((await stage.services.sessions.list()).length).toBe(1);
  expect(account).toBeGreaterThan(0);
  expect((await last.ok("STATUS INBOX (MESSAGES)")).lines).toEqual(["* STATUS INBOX (MESSAGES 0)"]);
  last.close();
});

test("an exception while a command runs is NO [SERVERBUG], logged, and the session lives", async () => {
  const failing = await Stage.open({}, ({ accounts }) => ({
    accounts: {
      ask(account, request) {
        if (request.kind === "search") throw new Error("Cannot search: it is broken");
        return accounts.ask(account, request);
      },
      watch: (account, watcher) => accounts.watch(account, watcher),
    },
  }));
  const client = await ImapClient.inInbox(failing, (await failing.newUser()).name);
  expect((await client.ask("SEARCH ALL")).tagged).toBe("t3 NO [SERVERBUG] SEARCH failed on the server");
  expect((await client.ask("NOOP")).tagged).toBe("t4 OK NOOP completed");
  expect(failing.errors.splice(0).join()).toContain("Cannot search: it is broken");
  client.close();
  await failing.close();
});
