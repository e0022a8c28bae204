import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Imap, startVictim, type Victim, whileAttacked } from "./victim.ts";

const prompt = 3_000;
/** Each takes a descriptor here and one there; where fewer are allowed than the storm needs, it is as large as they let it be. */
const count = Math.min(10_000, descriptorLimit() - 1_000);
let victim: Victim;

beforeAll(async () => {
  victim = await startVictim({ EIDER_IMAP_MAX_CONNECTIONS: "11000" });
  await victim.addUser("bystander");
});
afterAll(async () => {
  const errors = victim.errors();
  expect(await victim.stop()).toBe(0);
  expect(errors).toEqual([]);
});

/** Of the soft limit: Bun raises it to the hard one when it starts. */
function descriptorLimit(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

function opened(port: number, said: string): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", () => {
      socket.write(said);
      resolve(socket);
    });
  });
}

async function connections(): Promise<number> {
  const client = await victim.api("/health/details");
  const text = JSON.stringify(await client.json());
  return Number(/"imap":\s*(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

test(`${count} connections opened and left cost little, and go when their clients do`, async () => {
  const before = victim.rss();
  const sockets: Socket[] = [];
  const slowest = await whileAttacked(victim, "bystander", async () => {
    for (let made = 0; made < count; made += 100) {
      const some = Array.from({ length: 100 }, (_, n) =>
        opened(victim.imap, ["", "a LOGIN", "a LOGIN {5}\r\n", "\0"][n % 4]!),
      );
      sockets.push(...(await Promise.all(some)));
    }
  });
  expect(slowest).toBeLessThan(prompt);
  // A connection with half a command: a few kilobytes, and what the process takes to begin with.
  expect(victim.rss() - before).toBeLessThan(60 + (count * 12) / 1024);
  expect(await connections()).toBeGreaterThanOrEqual(count);
  for (const socket of sockets) socket.destroy();
  const last = await Imap.inInbox(victim.imap, "bystander");
  for (let tries = 0; tries < 500 && (await connections()) > 1; tries++) await last.ok("NOOP");
  expect(await connections()).toBe(1);
  last.close();
}, 120_000);

test("connections that come and go as fast as they can leave nothing behind", async () => {
  const slowest = await whileAttacked(victim, "bystander", async () => {
    for (let round = 0; round < 20; round++) {
      const some = [victim.imap, victim.pop3, victim.lmtp, victim.http].flatMap((port) =>
        Array.from({ length: 25 }, () => {
          const socket = connect({ host: "127.0.0.1", port });
          socket.on("error", () => undefined);
          return new Promise<void>((resolve) => {
            socket.once("close", () => resolve());
            socket.once("connect", () => socket.resetAndDestroy());
          });
        }),
      );
      await Promise.all(some);
    }
  });
  expect(slowest).toBeLessThan(prompt);
}, 60_000);
