import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { smtpSource } from "../load/smtp-source.ts";
import type { BenchServer } from "../servers/server.ts";
import { median, type Workload } from "../workload.ts";

const folders = [1000, 10_000, 100_000] as const;
const commands = {
  flags: "FETCH 1:* (FLAGS)",
  sizes: "UID FETCH 1:* (UID FLAGS RFC822.SIZE)",
  envelopes: "FETCH 1:* (ENVELOPE)",
} as const;
const deliveries = 2000;

/** Whether cost grows with the folder: deliveries into folders of 0 to 100,000, and FETCH a message from 1,000 to 100,000. */
export const flat: Workload = {
  name: "flat",
  title: "Cost as the folder grows",
  only: ["eider"],
  figures: {
    ...Object.fromEntries(
      [0, 10_000, 100_000].map((count) => [
        `deliver${count}`,
        { what: `delivery into ${count.toLocaleString("en")}, 10 connections`, unit: "/s", better: "more" },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(commands).flatMap(([name, command]) =>
        folders.map((count) => [
          `${name}${count}`,
          { what: `${command}, ${count.toLocaleString("en")}`, unit: "µs/message", better: "less" },
        ]),
      ),
    ),
  },
  async prepare(server) {
    for (const count of [...folders]) await filledUser(server, count);
    for (const count of [10_000, 100_000]) await filledUser(server, count, "grown");
  },
  async run(server, round) {
    const values: Record<string, number> = {
      deliver0: await rate(server, await server.user(`grown0-${round}`)),
      deliver10000: await rate(server, await filledUser(server, 10_000, "grown")),
      deliver100000: await rate(server, await filledUser(server, 100_000, "grown")),
    };
    for (const count of folders) {
      const connection = await (await ImapConnection.open(server.ports.imap)).login(await filledUser(server, count));
      await connection.command("SELECT INBOX");
      for (const [name, command] of Object.entries(commands)) {
        const times: number[] = [];
        // As many messages in all for a small folder as for a large one.
        const repeats = Math.max(9, Math.min(100, 200_000 / count));
        for (let at = 0; at < repeats / 2; at++) await connection.command(command);
        for (let at = 0; at < repeats; at++) times.push((await connection.command(command)).ms);
        values[`${name}${count}`] = (median(times) * 1000) / count;
      }
      connection.close();
    }
    return values;
  },
};

async function rate(server: BenchServer, { address: to }: { address: string }): Promise<number> {
  const begun = performance.now();
  await smtpSource({ port: server.ports.lmtp, to, connections: 10, messages: deliveries, size: 4096 });
  return deliveries / ((performance.now() - begun) / 1000);
}
