import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import { startEider } from "../servers/eider.ts";
import { startMongoSetting } from "../servers/mongo-setting.ts";
import type { BenchServer, BenchUser } from "../servers/server.ts";
import { workload } from "../workload.ts";

/**
 * A node is killed while a client idles on it. The client sees the connection break, goes to another node that has never
 * seen its account, logs in and asks with QRESYNC what it missed: messages that were delivered at both nodes since it looked last.
 */
export const failover = workload({
  name: "failover",
  title: "A node dies: its client has reconnected elsewhere and is synchronised",
  only: ["eider"],
  sizes: { messages: { full: 1000, quick: 100 }, missed: { full: 20, quick: 20 } },
  figures: {
    resumed: { what: "kill -9 → SELECT (QRESYNC …) answered", unit: "ms", better: "less", aim: { value: 1000 } },
    accepted: {
      what: "kill -9 → a delivery taken by the other node",
      unit: "ms",
      better: "less",
      aim: { value: 1000 },
    },
  },
  async run({ sizes }) {
    const setting = await startMongoSetting();
    const directory = mkdtempSync(join(tmpdir(), "eider-bench-failover-"));
    const shared = { mongo: await setting.counted(), redis: setting.redis };
    const one = await startEider(join(directory, "one"), shared);
    const other = await startEider(join(directory, "other"), shared);
    try {
      return await fail(one, other, await one.user("failing"), sizes);
    } finally {
      await one.stop();
      await other.stop();
      await setting.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
});

async function fail(
  one: Awaited<ReturnType<typeof startEider>>,
  other: BenchServer,
  user: BenchUser,
  { messages, missed }: { readonly messages: number; readonly missed: number },
) {
  const first = await LmtpConnection.open(one.ports.lmtp);
  const second = await LmtpConnection.open(other.ports.lmtp);
  for (let at = 0; at < messages; at++) await first.deliver(user.address, message(at, 4096));
  // Another user's: code is compiled, the account itself is not known there.
  const { address: neighbour } = await other.user("neighbour");
  for (let at = 0; at < 50; at++) await second.deliver(neighbour, message(at, 4096));
  (await (await ImapConnection.open(other.ports.imap)).login(await other.user("neighbour"))).close();
  const client = await (await ImapConnection.open(one.ports.imap)).login(user);
  const opened = (await client.command("SELECT INBOX")).text();
  const number = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(opened)?.[1]);
  for (let at = 0; at < missed; at++) await first.deliver(user.address, message(messages + at, 4096));
  const broken = client.exchange(Buffer.from("i IDLE\r\n"), "i OK").catch(() => performance.now());

  const begun = performance.now();
  const killed = one.kill();
  const accepted = second.deliver(user.address, message(messages + missed, 4096)).then((replied) => replied - begun);
  await broken;
  await accepted;
  const again = await (await ImapConnection.open(other.ports.imap)).login(user);
  await again.command("ENABLE QRESYNC");
  const answer = await again.command(`SELECT INBOX (QRESYNC (${number("UIDVALIDITY")} ${number("HIGHESTMODSEQ")}))`);
  const resumed = performance.now() - begun;
  again.close();
  second.close();
  first.close();
  await killed;
  const heard = answer.text().match(/ FETCH /g)?.length ?? 0;
  if (heard !== missed + 1) throw new Error(`The client missed ${missed + 1} messages and was told of ${heard}`);
  return { resumed, accepted: await accepted };
}
