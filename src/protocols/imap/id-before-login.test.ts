import { afterAll, beforeAll, expect, test } from "bun:test";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";

/** What RFC 2971 §3.3 lets a client say of itself, before it has logged in, where other commands have 8 kB. */
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

const field = (at: number): string => `field-${at}-`.padEnd(30, "f");
const value = "v".repeat(1024);
const pairs = (count: number, spell: (text: string) => string): string =>
  Array.from({ length: count }, (_, at) => `${spell(field(at))} ${spell(value)}`).join(" ");
const quoted = (text: string): string => `"${text}"`;
const literal = (text: string): string => `{${text.length}+}\r\n${text}`;

async function told(command: string): Promise<string> {
  const client = await ImapClient.connect(stage);
  const { tagged } = await client.ask(command);
  // Whatever became of it, the next command is read as it was sent.
  expect((await client.ask("NOOP")).tagged).toEndWith("OK NOOP completed");
  client.close();
  return tagged;
}

test("30 pairs of the largest fields are taken", async () => {
  expect(await told(`ID (${pairs(30, quoted)})`)).toBe("t1 OK ID completed");
  expect(await told(`id (${pairs(30, literal)})`)).toBe("t1 OK ID completed");
  expect(await told(`ID (${pairs(15, quoted)} ${pairs(15, literal)})`)).toBe("t1 OK ID completed");
});

test("octet by octet, too", async () => {
  const client = await ImapClient.connect(stage);
  const said = `a ID (${pairs(10, quoted)})\r\n`;
  for (let at = 0; at < said.length; at += 7) client.wire.say(said.slice(at, at + 7));
  expect((await client.answer("a")).tagged).toBe("a OK ID completed");
  client.close();
});

test("31 pairs, and more octets than 30 pairs can have, are not", async () => {
  expect(await told(`ID (${Array(31).fill('"a" "b"').join(" ")})`)).toContain("BAD ID: Expected at most 30");
  expect(await told(`ID (${pairs(33, quoted)})`)).toBe("t1 BAD ID: Line is too long");
  expect(await told(`ID (${pairs(33, literal)})`)).toBe("t1 BAD ID: Literal is too big");
});

test("other commands have as little as before, whatever they look like", async () => {
  const much = "x".repeat(9_000);
  expect(await told(`NOOP ${much}`)).toBe("t1 BAD NOOP: Line is too long");
  expect(await told(`IDLE ${much}`)).toBe("t1 BAD IDLE: Line is too long");
  expect(await told(`ID${much}`)).toContain("Line is too long");
  expect(await told(`UID ID (${pairs(30, quoted)})`)).toContain("BAD");
  expect(await told(`LOGIN ${literal("x".repeat(5_000))} x`)).toBe("t1 BAD LOGIN: Literal is too big");
});
