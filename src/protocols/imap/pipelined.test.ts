import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ImapClient } from "../../../test/transcripts/imap-client.ts";
import { Stage } from "../../../test/transcripts/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  expect(stage.errors).toEqual([]);
});

const message = "Subject: x\r\n\r\nHello\r\n";
const append = `APPEND INBOX {${message.length}+}\r\n${message}\r\n`;
const appended = expect.stringMatching(/^c OK \[APPENDUID/);

/** What a client says in one packet, and what it must hear, in order. */
const packets: Record<string, readonly [said: string, heard: readonly unknown[]]> = {
  "IDLE and DONE": ["a IDLE\r\nDONE\r\n", ["+ idling", "a OK IDLE completed"]],
  "IDLE and what is not DONE": ["a IDLE\r\nb NOOP\r\n", ["+ idling", "a BAD Expected DONE"]],
  "IDLE twice": [
    "a IDLE\r\nDONE\r\nb IDLE\r\ndone\r\n",
    ["+ idling", "a OK IDLE completed", "+ idling", "b OK IDLE completed"],
  ],
  "a command before IDLE and one behind it": [
    "a NOOP\r\nb IDLE\r\nDONE\r\nc NOOP\r\n",
    ["a OK NOOP completed", "+ idling", "b OK IDLE completed", "c OK NOOP completed"],
  ],
  "APPEND behind IDLE": [`a IDLE\r\nDONE\r\nc ${append}`, ["+ idling", "a OK IDLE completed", appended]],
  "IDLE behind APPEND": [`c ${append}a IDLE\r\nDONE\r\n`, [appended, "+ idling", "a OK IDLE completed"]],
  "LOGOUT behind IDLE": [
    "a IDLE\r\nDONE\r\nb LOGOUT\r\n",
    ["+ idling", "a OK IDLE completed", "* BYE Logging out", "b OK LOGOUT completed", null],
  ],
  "what comes behind LOGOUT is not read": [
    "b LOGOUT\r\nc NOOP\r\n",
    ["* BYE Logging out", "b OK LOGOUT completed", null],
  ],
};

for (const tls of [false, true]) {
  for (const selected of [false, true]) {
    describe(`one packet, ${tls ? "over TLS" : "in clear text"}, ${selected ? "a mailbox selected" : "none selected"}`, () => {
      for (const [name, [said, heard]] of Object.entries(packets)) {
        test(name, async () => {
          const { name: user } = await stage.newUser();
          const client = await ImapClient.connect(stage, tls);
          await client.ok(`LOGIN ${user} secret`);
          if (selected) await client.ok("SELECT Trash");
          client.wire.say(said);
          for (const line of heard) expect(await client.wire.hear()).toEqual(line as string | null);
          client.close();
        });
      }
    });
  }
}

test("LOGIN, SELECT, IDLE and DONE in one packet", async () => {
  const { name } = await stage.newUser();
  const client = await ImapClient.connect(stage);
  client.wire.say(`a LOGIN ${name} secret\r\nb SELECT INBOX\r\nc IDLE\r\nDONE\r\nd NOOP\r\n`);
  expect((await client.answer("a")).tagged).toStartWith("a OK");
  expect((await client.answer("b")).tagged).toStartWith("b OK");
  expect(await client.answer("c")).toEqual({ lines: ["+ idling"], tagged: "c OK IDLE completed" });
  expect((await client.answer("d")).tagged).toBe("d OK NOOP completed");
  client.close();
});
