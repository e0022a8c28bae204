import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { ManualClock } from "../../../test/manual-clock.ts";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";

let stage: Stage;
let user: string;
beforeAll(async () => {
  stage = await Stage.open();
  user = (await stage.newUser()).name;
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

const header = "From: sender@example.com\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";

/** A message of `size` octets with every octet value but NUL in its body. */
function message(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write(header);
  for (let at = header.length; at < size; at++) bytes[at] = ((at * 7 + (at >> 8)) % 255) + 1;
  return bytes;
}

const sha = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** The octets of the only literal in a response, which `LineClient` keeps as Latin-1 characters. */
function literalOf(response: string): Buffer {
  const found = /\{(\d+)\}\r\n/.exec(response)!;
  const from = found.index + found[0].length;
  return Buffer.from(response.slice(from, from + Number(found[1])), "latin1");
}

for (const size of [1, 100_000, 131_072, 131_073, 262_145, 5_000_000]) {
  test(`a message of ${size} octets comes back as it was sent, whole and in pieces`, async () => {
    const client = await ImapClient.inInbox(stage, user);
    const bytes = size === 1 ? Buffer.from("x") : message(size);
    client.wire.say(`a APPEND INBOX {${size}}\r\n`);
    expect(await client.wire.hear()).toStartWith("+");
    client.wire.sayOctets(bytes);
    client.wire.say("\r\n");
    const uid = /APPENDUID \d+ (\d+)/.exec((await client.answer("a")).tagged)![1];
    const whole = await client.ok(`UID FETCH ${uid} (RFC822.SIZE BODY.PEEK[])`);
    expect(whole.lines[0]).toContain(`RFC822.SIZE ${size} `);
    expect(sha(literalOf(whole.lines[0]!))).toBe(sha(bytes));
    const offset = Math.floor(size / 3);
    const piece = await client.ok(`UID FETCH ${uid} (BODY.PEEK[]<${offset}.${size}>)`);
    expect(sha(literalOf(piece.lines[0]!))).toBe(sha(bytes.subarray(offset)));
    if (size > 1) {
      const text = await client.ok(`UID FETCH ${uid} (BODY.PEEK[TEXT])`);
      expect(sha(literalOf(text.lines[0]!))).toBe(sha(bytes.subarray(header.length)));
    }
    client.close();
  });
}

test("two large messages on their way at once do not mix", async () => {
  const clients = [await ImapClient.inInbox(stage, user), await ImapClient.inInbox(stage, user)];
  const messages = [message(1_500_000), message(1_400_001).fill("y", 500_000)];
  clients.forEach((client, at) => {
    client.wire.say(`a APPEND INBOX {${messages[at]!.length}+}\r\n`);
  });
  for (let from = 0; from < 1_500_000; from += 50_000) {
    clients.forEach((client, at) => {
      client.wire.sayOctets(messages[at]!.subarray(from, from + 50_000));
    });
  }
  for (const [at, client] of clients.entries()) {
    client.wire.say("\r\n");
    const uid = /APPENDUID \d+ (\d+)/.exec((await client.answer("a")).tagged)![1];
    const fetched = await client.ok(`UID FETCH ${uid} BODY.PEEK[]`);
    const line = fetched.lines.find((one) => one.includes("BODY[]"))!;
    expect(sha(literalOf(line))).toBe(sha(messages[at]!));
    client.close();
  }
});

test("a client that reads slowly holds up nobody, and gets everything in the end", async () => {
  const { name } = await stage.newUser();
  const slow = await ImapClient.inInbox(stage, name);
  const bytes = message(3_000_000);
  for (let n = 0; n < 4; n++) {
    slow.wire.say(`a${n} APPEND INBOX {${bytes.length}+}\r\n`);
    slow.wire.sayOctets(bytes);
    slow.wire.say("\r\n");
    await slow.answer(`a${n}`);
  }
  slow.wire.pause();
  const before = process.memoryUsage().rss;
  slow.wire.say("f FETCH 1:4 BODY.PEEK[]\r\n");
  const quick = await ImapClient.inInbox(stage, name);
  for (let n = 0; n < 100; n++) await quick.ok("FETCH 1:* (FLAGS)");
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  slow.wire.resume();
  const { lines } = await slow.answer("f");
  for (const line of lines) expect(sha(literalOf(line))).toBe(sha(bytes));
  expect(lines.length).toBe(4);
  slow.close();
  quick.close();
});

test("a client that reads nothing for five minutes is gone", async () => {
  const clock = new ManualClock();
  const timed = await Stage.open({}, () => ({ clock }));
  const { name } = await timed.newUser();
  const client = await ImapClient.inInbox(timed, name);
  const bytes = message(8_000_000);
  client.wire.say(`a APPEND INBOX {${bytes.length}+}\r\n`);
  client.wire.sayOctets(bytes);
  client.wire.say("\r\n");
  await client.answer("a");
  client.wire.pause();
  client.wire.say("f FETCH 1 BODY.PEEK[]\r\ng FETCH 1 BODY.PEEK[]\r\nh FETCH 1 BODY.PEEK[]\r\n");
  const other = await ImapClient.inInbox(timed, name);
  const listening = await timed.listening("imap");
  let seconds = 0;
  // However long the message takes to be read: five minutes count from when the client takes no more of it.
  for (; listening.connections() > 1; seconds += 5) {
    clock.advance(5_000);
    await other.ok("NOOP");
  }
  expect(seconds).toBeGreaterThanOrEqual(300);
  expect(listening.connections()).toBe(1);
  other.close();
  client.close();
  await timed.close();
});
