import { afterAll, beforeAll, expect, test } from "bun:test";
import { LineClient } from "../transcripts/line-client.ts";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
const perUser = 10;
let victim: Victim;

beforeAll(async () => {
  victim = await startVictim({
    EIDER_LIMITS_LOGIN_FAILURES_PER_USER: `${perUser}`,
    EIDER_LIMITS_LOGIN_FAILURES_PER_ADDRESS: "40",
    // What is tried here is not how many connections there may be.
    EIDER_IMAP_MAX_UNAUTHENTICATED_PER_ADDRESS: "1000",
    // Loopback is trusted otherwise.
    EIDER_LIMITS_TRUSTED_NETWORKS: "192.0.2.0/24",
  });
  for (const name of ["bystander", "alice", "bob"]) await victim.addUser(name);
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

async function guess(user: string, password: string): Promise<{ answer: string; ms: number }> {
  const client = await Imap.connect(victim.imap);
  const began = performance.now();
  const answer = await client.tagged(`LOGIN ${user} ${password}`);
  client.close();
  return { answer, ms: performance.now() - began };
}

test("one cannot tell by the answer whether there is such a user, nor by its time", async () => {
  await guess("nobody0", "wrong");
  const there = await guess("bob", "wrong");
  const notThere = await guess("nobody1", "wrong");
  expect(there.answer).toBe("NO [AUTHENTICATIONFAILED] Wrong user name or password");
  expect(notThere.answer).toBe(there.answer);
  // Each failure from this address makes the next answer 150 ms slower; checking the password takes 20 ms or so.
  expect(Math.abs(notThere.ms - there.ms)).toBeLessThan(500);
});

test("three hundred guesses at once are no more than the limit allows, and others log in meanwhile", async () => {
  const clients = await Promise.all(Array.from({ length: 300 }, () => LineClient.connect(victim.imap, true)));
  for (const client of clients) await client.hear();
  const answers = new Map<string, number>();
  const slowest = await whileAttacked(victim, "bystander", async () => {
    await Promise.all(
      clients.map(async (client, n) => {
        client.say(`a LOGIN ${n % 2 ? "alice" : "ALICE@localhost"} guess${n}\r\n`);
        const answer = /\[\w+\]/.exec((await client.hear(30_000)) ?? "")?.[0] ?? "none";
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        client.close();
      }),
    );
  });
  expect(answers.get("[AUTHENTICATIONFAILED]")).toBeLessThanOrEqual(perUser + 8);
  expect((answers.get("[AUTHENTICATIONFAILED]") ?? 0) + (answers.get("[LIMIT]") ?? 0)).toBe(300);
  expect(slowest).toBeLessThan(prompt);
  // The right password is no way out of the limit, by no name of the user and over no protocol.
  expect((await guess("alice", "secret")).answer).toStartWith("NO [LIMIT]");
  const pop = await LineClient.connect(victim.pop3, false);
  await pop.hear();
  pop.say("USER alice@localhost\r\nPASS secret\r\n");
  await pop.hear();
  expect(await pop.hear()).toStartWith("-ERR [LOGIN-DELAY]");
  pop.close();
}, 60_000);

test("an address that fails with many names is limited too", async () => {
  const answers: string[] = [];
  await Promise.all(
    Array.from({ length: 60 }, async (_, n) => answers.push((await guess(`spray${n}`, "wrong")).answer)),
  );
  expect(answers.filter((answer) => answer.startsWith("NO [LIMIT]")).length).toBeGreaterThan(15);
  expect((await guess("bob", "secret")).answer).toStartWith("NO [LIMIT]");
}, 60_000);

test("guesses that are refused unseen end their connection too, and each is no line of the log", async () => {
  const before = victim.log().split("\n").length;
  const client = await LineClient.connect(victim.imap, true);
  const heard: string[] = [];
  client.say("a LOGIN bob secret\r\n".repeat(1000));
  for (let line = await client.hear(); line !== null; line = await client.hear()) heard.push(line);
  expect(heard.filter((line) => line.startsWith("a NO [LIMIT]"))).toHaveLength(5);
  expect(heard.at(-1)).toStartWith("* BYE");
  const pop = await LineClient.connect(victim.pop3, false);
  const answers: string[] = [];
  pop.say("USER bob\r\nPASS secret\r\n".repeat(1000));
  for (let line = await pop.hear(); line !== null; line = await pop.hear()) answers.push(line);
  expect(answers.filter((line) => line.startsWith("-ERR [LOGIN-DELAY]"))).toHaveLength(5);
  // What is written is of the connections, not of their guesses.
  expect(victim.log().split("\n").length - before).toBeLessThan(8);
});

test("wrong access tokens are counted; the root token and those of users who were there are not refused", async () => {
  const ask = (token: string) => victim.api("/authenticated", { headers: { "x-access-token": token } });
  const statuses: number[] = [];
  for (let n = 0; n < 45; n++) statuses.push((await ask(`guess${n}`)).status);
  expect(statuses.filter((status) => status === 403)).toHaveLength(40);
  const refused = await ask("one more");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await victim.api("/users")).status).toBe(200);
});
