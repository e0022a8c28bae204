import { afterEach, expect, test } from "bun:test";
import { eventually } from "../eventually.ts";
import { messageNamed, namesIn } from "../faults/inbox.ts";
import { loggedIn, selected } from "../nodes/picture.ts";
import { startTestServer, type TestServer } from "../server.ts";
import { readMetrics } from "./gauges.ts";
import { Sender, type Told } from "./sender.ts";

const places = 32;
const serverBusy = "451 4.3.2 Server is busy, try again later";
const mailboxBusy = "451 4.3.2 Mailbox is busy, try again later";

let server: TestServer;
let senders: Sender[];
afterEach(async () => {
  for (const sender of senders) sender.close();
  await server.close();
});

async function scene(count: number): Promise<void> {
  server = await startTestServer({ EIDER_LIMITS_DELIVERIES: String(places) });
  senders = await Promise.all(Array.from({ length: count }, () => Sender.open(server.lmtp)));
}

test("many more transactions than places: the others hear 451 4.3.2 at MAIL, IMAP answers everybody, and it is over at once", async () => {
  await scene(200);
  await server.addUser("alice");
  expect((await senders[0]!.offer("alice@localhost", messageNamed("before"))).reply).toStartWith("250 2.0.0 ");

  const told = await Promise.all(senders.map((sender) => sender.say("MAIL FROM:<mta@example.org>")));
  const holders = senders.filter((_, at) => told[at]!.startsWith("250 2.1.0 "));
  // Those that arrive slowly make room after a while; four times as many as there are places is the end of it.
  expect(holders.length).toBeGreaterThanOrEqual(places);
  expect(holders.length).toBeLessThanOrEqual(4 * places);
  expect(told.filter((reply) => reply === serverBusy).length).toBe(200 - holders.length);
  const metric = await readMetrics(server);
  expect(metric("eider_deliveries")).toBe(holders.length);
  expect(metric("eider_delivery_places")).toBeLessThanOrEqual(places);
  expect(metric('eider_refused_total{protocol="lmtp",reason="deliveries"}')).toBe(200 - holders.length);

  const client = await loggedIn(server.imap, "alice@localhost");
  await client.ok("NOOP");
  await client.ok("SELECT INBOX");
  expect((await client.ok("FETCH 1 BODY.PEEK[]")).lines.join()).toContain("before");
  client.close();

  // They give up, each in its own way.
  for (const [at, holder] of holders.entries()) {
    if (at % 2 === 0) holder.close();
    else expect(await holder.say("RSET")).toStartWith("250 ");
  }
  await eventually("nobody has a place", async () => (await readMetrics(server))("eider_deliveries") === 0);
  const after = await Sender.open(server.lmtp);
  senders.push(after);
  expect((await after.offer("alice@localhost", messageNamed("after"))).reply).toStartWith("250 2.0.0 ");
  expect(await namesIn(server.imap, "alice@localhost")).toEqual(["before", "after"]);
});

test("many times more deliveries than can be carried: what was answered 250 is there once, nothing else is, and one account leaves room for others", async () => {
  await scene(250);
  const users = ["hot", ...Array.from({ length: 10 }, (_, at) => `user${at}`)];
  await Promise.all(users.map((user) => server.addUser(user)));
  const taken = new Map<string, string[]>(users.map((user) => [user, []]));
  const refused: Told[] = [];
  let reading = true;
  const answered = (async () => {
    let commands = 0;
    const client = await selected(server.imap, "user0@localhost");
    while (reading) {
      await client.ok("NOOP");
      await client.ok("UID FETCH 1:* (FLAGS)");
      const another = await loggedIn(server.imap, "user1@localhost");
      another.close();
      commands += 3;
    }
    client.close();
    return commands;
  })();
  await Promise.all(
    senders.map(async (sender, n) => {
      // Four of five go to one account. Each sender goes on until three messages of its own were taken.
      const user = n % 5 > 0 ? "hot" : `user${(n / 5) % 10}`;
      for (let own = 0, tries = 0; own < 3; tries++) {
        const name = `m${n}-${tries}`;
        const told = await sender.offer(`${user}@localhost`, messageNamed(name));
        if (!told.reply.startsWith("250 2.0.0 ")) refused.push(told);
        else {
          own++;
          taken.get(user)!.push(name);
        }
      }
    }),
  );
  reading = false;
  expect(await answered).toBeGreaterThan(0);
  const atMail = refused.filter(({ at }) => at === "MAIL");
  const atRcpt = refused.filter(({ at }) => at === "RCPT");
  expect(refused.length).toBe(atMail.length + atRcpt.length);
  expect(new Set(atMail.map(({ reply }) => reply))).toEqual(new Set([serverBusy]));
  expect(new Set(atRcpt.map(({ reply }) => reply))).toEqual(new Set([mailboxBusy]));
  const metric = await readMetrics(server);
  expect(metric('eider_refused_total{protocol="lmtp",reason="deliveries"}')).toBe(atMail.length);
  expect(metric('eider_refused_total{protocol="lmtp",reason="account"}')).toBe(atRcpt.length);
  expect(metric("eider_deliveries")).toBe(0);
  expect(metric("eider_changes")).toBe(0);
  expect(metric("eider_change_bytes")).toBe(0);
  for (const [user, names] of taken) {
    expect((await namesIn(server.imap, `${user}@localhost`)).sort()).toEqual(names.sort());
  }
  expect((await senders[0]!.offer("hot@localhost", messageNamed("after"))).reply).toStartWith("250 2.0.0 ");
});
