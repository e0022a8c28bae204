import { afterAll, beforeAll, expect, test } from "bun:test";
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

test("a name or password that is not UTF-8 is a wrong one, and no error of syntax", async () => {
  const { name } = await stage.newUser();
  const commands = [
    `LOGIN ${name} {4+}\r\ngr\xfcn`,
    `LOGIN ${name} "gr\xfcn"`,
    "LOGIN {4+}\r\nj\xfcrg secret",
    `LOGIN {${name.length}+}\r\n${name} {3+}\r\n\xc3\x28\xff`,
  ];
  const client = await ImapClient.connect(stage);
  for (const [at, command] of commands.entries()) {
    client.wire.sayOctets(Buffer.from(`t${at} ${command}\r\n`, "latin1"));
    expect((await client.answer(`t${at}`)).tagged).toBe(`t${at} NO [AUTHENTICATIONFAILED] Wrong user name or password`);
  }
  await client.ok(`LOGIN ${name} {6+}\r\nsecret`);
  client.close();
});

test("it wears patience down as any wrong password does", async () => {
  const client = await ImapClient.connect(stage);
  const heard: string[] = [];
  client.wire.sayOctets(Buffer.from('a LOGIN ann "\xff"\r\n'.repeat(10), "latin1"));
  for (let line = await client.wire.hear(); line !== null; line = await client.wire.hear()) heard.push(line);
  expect(heard.filter((line) => line.startsWith("a NO [AUTHENTICATIONFAILED]"))).toHaveLength(5);
  expect(heard.at(-1)).toBe("* BYE Too many bad commands");
});
