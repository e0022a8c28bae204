import { expect, test } from "bun:test";
import { RawClient } from "../../src/protocols/raw-client.fixture.ts";
import { Imap, startVictim, token } from "./victim.ts";

const secrets = {
  password: "Pa55-of-alice",
  wrong: "Wr0ng-of-alice",
  words: "words-of-the-message",
  subject: "subject-of-the-message",
};

test("at its most talkative the log holds no password, no token, no message, and no line that a client wrote", async () => {
  const victim = await startVictim({ EIDER_LOG_LEVEL: "debug" });
  const made = await victim.api("/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      username: "alice",
      password: secrets.password,
      address: "alice@localhost",
      allowUnsafe: true,
    }),
  });
  const { id } = (await made.json()) as { id: string };
  const message = `Subject: ${secrets.subject}\r\n\r\n${secrets.words}\r\n`;

  const imap = await Imap.connect(victim.imap);
  await imap.tagged(`LOGIN alice ${secrets.wrong}`);
  await imap.tagged(`LOGIN alice ${secrets.password} ${secrets.password}`);
  await imap.tagged(`AUTHENTICATE PLAIN ${Buffer.from(`\0alice\0${secrets.wrong}`).toString("base64")}`);
  await imap.ok(`LOGIN alice ${secrets.password}`);
  await imap.ok("SELECT INBOX");
  expect(await imap.append(message)).toStartWith("OK");
  await imap.ok(`SEARCH TEXT ${secrets.words}`);
  await imap.tagged(`NONSENSE ${secrets.words}`);
  imap.close();

  const pop = await RawClient.open(victim.pop3);
  for (const line of [
    "",
    "USER alice",
    `PASS ${secrets.wrong}`,
    "USER alice",
    `PASS ${secrets.password}`,
    "RETR 1",
    "QUIT",
  ]) {
    if (line !== "") await pop.write(`${line}\r\n`);
    await pop.line();
  }
  pop.close();

  const lmtp = await RawClient.open(victim.lmtp);
  await lmtp.reply();
  const forged = '","level":"error","msg":"forged';
  for (const line of [
    `LHLO a\x1b[2J${forged}`,
    "LHLO a",
    `MAIL FROM:<"a\\\x07b"@example.org>`,
    "RCPT TO:<alice>",
    "DATA",
    `${message}.`,
    "QUIT",
  ]) {
    await lmtp.command(line);
  }
  lmtp.close();

  await victim.api(`/users?accessToken=${token}`);
  await victim.api(`/users?accessToken=${secrets.wrong}`, {
    headers: { "x-access-token": secrets.wrong, authorization: `Bearer ${secrets.wrong}` },
  });
  await victim.api("/authenticate", {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": `1.2.3.4\\n${forged}` },
    body: JSON.stringify({
      username: "alice",
      password: secrets.wrong,
      ip: "1.1.1.1",
      sess: `a\n${forged}\u001b[2J\u2028`,
    }),
  });
  await victim.api(`/users/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ password: secrets.password, sess: `a\n${forged}\u001b[2J` }),
  });
  // User names are logged where logins fail: that is where somebody would write a line of their own.
  const guess = await Imap.connect(victim.imap);
  for (const name of [
    `"x\u001b[2J${forged.replaceAll('"', '\\"')}"`,
    '{20+}\r\nx\r\n{"level":"error"\u007f',
    `"${"n".repeat(6_000)}"`,
  ]) {
    await guess.tagged(`LOGIN ${name} ${secrets.wrong}`);
  }
  guess.close();

  expect(await victim.api("/health").then((response) => response.status)).toBe(200);
  const log = victim.log();
  for (const secret of [...Object.values(secrets), token]) {
    expect(log).not.toContain(secret);
    expect(log).not.toContain(Buffer.from(`\0alice\0${secret}`).toString("base64"));
  }
  // Every line is one of the server's own: JSON, with its time and level, and nothing a terminal would obey.
  const lines = log.split("\n").filter((line) => line !== "" && !line.startsWith('{"imap":'));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect([typeof entry.time, typeof entry.level, typeof entry.msg]).toEqual(["string", "string", "string"]);
    expect(entry.msg).not.toBe("forged");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(line).not.toMatch(/[\u0000-\u001f\u007f\u2028\u2029]/);
    expect(line.length).toBeLessThan(8_000);
  }
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
}, 60_000);
