import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RawClient } from "../../src/protocols/raw-client.fixture.ts";
import { flood } from "./flood.ts";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
let victim: Victim;

beforeAll(async () => {
  victim = await startVictim({ EIDER_LIMITS_MESSAGE_SIZE: "8M" });
  for (const name of ["bystander", "alice", "bob"]) await victim.addUser(name);
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

async function greeted(): Promise<RawClient> {
  const client = await RawClient.open(victim.lmtp);
  await client.reply();
  expect(await client.command("LHLO mallory")).toStartWith("250");
  return client;
}

async function inData(to = "alice@localhost"): Promise<RawClient> {
  const client = await greeted();
  expect(await client.command("MAIL FROM:<m@example.org>")).toStartWith("250");
  expect(await client.command(`RCPT TO:<${to}>`)).toStartWith("250");
  expect(await client.command("DATA")).toStartWith("354");
  return client;
}

test("after 421 a client is heard no longer: what it floods is neither read nor waited for", async () => {
  for (const opening of ["GET / HTTP/1.1\r\n", "nonsense\r\n".repeat(10), `NOOP ${"x".repeat(200_000)}\r\n`]) {
    const client = await flood(victim.lmtp, `LHLO x\r\n${opening}`, "MAIL FROM:<a@b>\r\n".repeat(4_000), 1_000_000_000);
    // The kernels between hold some megabytes.
    expect(client.taken).toBeLessThan(16_000_000);
    client.close();
  }
}, 60_000);

describe("smuggling", () => {
  // Whatever another server may take for the end of a message, only CRLF "." CRLF is.
  const ends = [
    "\n.\n",
    "\r.\r",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r\n",
    "\r\n.\r",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\n\n.\r\n",
  ];
  for (const end of ends) {
    test(`${JSON.stringify(end)} does not end a message`, async () => {
      const client = await inData();
      const smuggled = "MAIL FROM:<admin@example.org>\r\nRCPT TO:<bob@localhost>\r\nDATA\r\nSubject: smuggled\r\n\r\nx";
      await client.write(`Subject: outer\r\n\r\nbody${end}${smuggled}\r\n.\r\nQUIT\r\n`);
      expect(await client.reply()).toStartWith("250 2.0.0");
      expect(await client.reply()).toStartWith("221");
      client.close();
      const bob = await Imap.inInbox(victim.imap, "bob");
      expect((await bob.ok("STATUS INBOX (MESSAGES)"))[0]).toContain("MESSAGES 0");
      bob.close();
    });
  }

  test("what follows the data in one packet is commands, and nothing before STARTTLS counts after it", async () => {
    const client = await greeted();
    await client.write("STARTTLS\r\nMAIL FROM:<injected@example.org>\r\nRCPT TO:<bob@localhost>\r\n");
    expect(await client.reply()).toStartWith("220");
    await client.secure();
    expect(await client.command("LHLO mallory")).toStartWith("250");
    expect(await client.command("DATA")).toStartWith("503");
    client.close();
  });
});

describe("limits", () => {
  test("lines too long, NUL, half commands and nonsense get an answer or an end", async () => {
    for (const said of [
      "x".repeat(200_000),
      `MAIL FROM:<${"a".repeat(100_000)}@b>`,
      "\0\0\0\0",
      "MAIL FROM:<",
      "RCPT TO:<a@b> X=\r\n",
      "\xff\xfe",
    ]) {
      const client = await greeted();
      expect(await client.command(said)).toMatch(/^[45]\d\d /);
      client.close();
    }
  });

  test("a command without end is cut off, and costs no memory", async () => {
    const before = victim.rss();
    const client = await greeted();
    for (let sent = 0; sent < 100; sent++) client.write("x".repeat(64 * 1024));
    expect(await client.reply()).toStartWith("421 4.5.2");
    expect(await client.reply()).toBeNull();
    client.close();
    const attack = await flood(victim.lmtp, "", "x".repeat(64 * 1024), 200_000_000);
    attack.close();
    expect(victim.rss() - before).toBeLessThan(60);
  }, 30_000);

  test("data without end is refused when it ends, and never held", async () => {
    const client = await inData();
    const before = victim.rss();
    let most = 0;
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const piece = Buffer.from(`${"x".repeat(998)}\r\n`.repeat(256));
      for (let sent = 0; sent < 200_000_000; sent += piece.length) await client.write(piece);
      most = victim.rss() - before;
      expect(await client.command("\r\n.")).toStartWith("552 5.3.4");
    });
    expect(most).toBeLessThan(100);
    expect(slowest).toBeLessThan(prompt);
    expect(await client.command("RSET")).toStartWith("250");
    client.close();
  }, 60_000);

  test("commands sent without end and without reading the answers stop being taken", async () => {
    const before = victim.rss();
    let most = 0;
    const slowest = await whileAttacked(victim, "bystander", async () => {
      const attack = await flood(
        victim.lmtp,
        "LHLO mallory\r\n",
        "NOOP\r\nLHLO mallory\r\nRSET\r\n".repeat(1_000),
        100_000_000,
      );
      most = victim.rss() - before;
      attack.close();
    });
    expect(most).toBeLessThan(150);
    expect(slowest).toBeLessThan(prompt);
  }, 60_000);

  test("a thousand and one recipients, and clients that leave in the middle of the data", async () => {
    const client = await greeted();
    await client.command("MAIL FROM:<m@example.org>");
    await client.write("RCPT TO:<alice@localhost>\r\n".repeat(1_001));
    const replies: (string | null)[] = [];
    for (let n = 0; n < 1_001; n++) replies.push(await client.reply());
    expect(replies.filter((reply) => reply?.startsWith("250")).length).toBe(1_000);
    expect(replies.at(-1)).toStartWith("452 4.5.3");
    client.close();
    for (let round = 0; round < 250; round++) {
      const leaving = await inData();
      await leaving.write(`Subject: half\r\n\r\n${"y".repeat(400_000)}`);
      leaving.close();
    }
    const whole = await inData();
    expect(await whole.command(`Subject: whole\r\n\r\n${"z\r\n".repeat(300_000)}.`)).toStartWith("250");
    whole.close();
  }, 60_000);
});
