import { afterAll, beforeAll, expect, test } from "bun:test";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
/** What it may add to the server's memory, MB. */
const memory = 600;

let victim: Victim;
beforeAll(async () => {
  victim = await startVictim();
  for (const name of ["bystander", "mallory"]) await victim.addUser(name);
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

test("small messages of ten thousand parts, whose structures are large, asked for by the hundred", async () => {
  const client = await Imap.inInbox(victim.imap, "mallory");
  const parts = `Content-Type: multipart/digest; boundary=b\r\n\r\n${"--b\r\n\r\n\r\n".repeat(10_000)}--b--\r\n`;
  for (let n = 0; n < 100; n++) await client.append(parts);
  await client.ok("UID FETCH 1:* (BODYSTRUCTURE)", 60_000);
  const before = victim.rss();
  let highest = before;
  const watching = setInterval(() => {
    highest = Math.max(highest, victim.rss());
  }, 20);
  const sessions = await Promise.all(Array.from({ length: 8 }, () => Imap.inInbox(victim.imap, "mallory")));
  const slowest = await whileAttacked(victim, "bystander", async () => {
    await Promise.all(sessions.map((session) => session.tagged("FETCH 1:40 (BODY)", 120_000)));
    await Promise.all(sessions.map((session) => session.tagged("FETCH 60:100 (BODYSTRUCTURE)", 120_000)));
  });
  clearInterval(watching);
  expect(highest - before).toBeLessThan(memory);
  expect(slowest).toBeLessThan(prompt);
  for (const session of sessions) session.close();
  client.close();
}, 240_000);
