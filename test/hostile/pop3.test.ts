import { afterAll, beforeAll, expect, test } from "bun:test";
import { RawClient } from "../../src/protocols/raw-client.fixture.ts";
import { flood } from "./flood.ts";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
let victim: Victim;

beforeAll(async () => {
  victim = await startVictim();
  for (const name of ["bystander", "alice"]) await victim.addUser(name);
  const client = await Imap.inInbox(victim.imap, "alice");
  expect(await client.append(`Subject: big\r\n\r\n${`${"x".repeat(998)}\r\n`.repeat(20_000)}`)).toStartWith("OK");
  client.close();
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

async function signedIn(): Promise<RawClient> {
  const client = await RawClient.open(victim.pop3);
  await client.line();
  await client.write("USER alice\r\nPASS secret\r\n");
  expect(await client.line()).toStartWith("+OK");
  expect(await client.line()).toStartWith("+OK");
  return client;
}

test("lines too long, NUL, half commands, numbers of any size: -ERR, and the session goes on", async () => {
  const client = await signedIn();
  const odd = [
    "x".repeat(5_000),
    "RETR 99999999999999999999",
    "RETR -1",
    "RETR 1e3",
    "TOP 1 -1",
    "TOP 1 99999999999999999999",
    "DELE 0",
    "LIST a\0",
    "\0",
    "",
    "RETR 1 1",
    "UIDL 1.0",
    "\xff",
  ];
  for (const line of odd) {
    await client.write(`${line}\r\nNOOP\r\n`);
    if (line.startsWith("TOP 1 999")) {
      expect(await client.line()).toMatch(/^(\+OK|-ERR)/);
      break;
    }
    expect([line, await client.line()]).toEqual([line, expect.stringMatching(/^-ERR/)]);
    expect(await client.line()).toStartWith("+OK");
  }
  client.close();
});

test("a line without end is not kept, commands without end are not taken when answers are not read", async () => {
  const before = victim.rss();
  let most = 0;
  const slowest = await whileAttacked(victim, "bystander", async () => {
    const line = await flood(victim.pop3, "USER ", "x".repeat(64 * 1024), 100_000_000);
    line.close();
    const retr = await flood(victim.pop3, "USER alice\r\nPASS secret\r\n", "RETR 1\r\n".repeat(1_000), 20_000_000);
    most = victim.rss() - before;
    expect(retr.taken).toBeLessThan(20_000_000);
    retr.close();
    const capa = await flood(victim.pop3, "", "CAPA\r\n".repeat(2_000), 50_000_000);
    most = Math.max(most, victim.rss() - before);
    expect(capa.taken).toBeLessThan(50_000_000);
    capa.close();
  });
  expect(most).toBeLessThan(100);
  expect(slowest).toBeLessThan(prompt);
}, 60_000);

test("what is sent in clear text behind STLS is never carried out", async () => {
  const client = await RawClient.open(victim.pop3);
  await client.line();
  await client.write("STLS\r\nUSER alice\r\nPASS secret\r\n");
  expect(await client.line()).toStartWith("+OK");
  await client.secure();
  expect(await client.command("STAT")).toStartWith("-ERR");
  client.close();
});

test("marks of clients that leave are forgotten", async () => {
  const client = await signedIn();
  expect(await client.command("DELE 1")).toStartWith("+OK");
  client.close();
  const again = await signedIn();
  expect(await again.command("STAT")).toStartWith("+OK 1 ");
  again.close();
});
