import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { smtpSource } from "../load/smtp-source.ts";
import type { BenchServer } from "../servers/server.ts";
import { median } from "../statistics.ts";
import { type Figure, workload } from "../workload.ts";

const commands = {
  flags: "FETCH 1:* (FLAGS)",
  sizes: "UID FETCH 1:* (UID FLAGS RFC822.SIZE)",
  envelopes: "FETCH 1:* (ENVELOPE)",
} as const;
const folders = ["small", "middle", "large"] as const;

/** Whether cost grows with the folder: deliveries into folders of 0 to 100,000, and FETCH a message from 1,000 to 100,000. */
export const flat = workload({
  name: "flat",
  title: "Cost as the folder grows",
  only: ["eider"],
  sizes: {
    small: { full: 1000, quick: 100 },
    middle: { full: 10_000, quick: 1000 },
    large: { full: 100_000, quick: 2000 },
    deliveries: { full: 2000, quick: 200 },
  },
  figures: {
    deliverEmpty: { what: "delivery into an empty folder, 10 connections", unit: "/s", better: "more" },
    deliverMiddle: { what: "delivery into {middle}, 10 connections", unit: "/s", better: "more" },
    deliverLarge: { what: "delivery into {large}, 10 connections", unit: "/s", better: "more" },
    ...Object.fromEntries(
      Object.entries(commands).flatMap(([name, command]) =>
        folders.map((folder): [string, Figure] => [
          `${name}-${folder}`,
          { what: `${command}, a message of {${folder}}`, unit: "µs", better: "less" },
        ]),
      ),
    ),
  },
  async prepare({ server, sizes }) {
    for (const folder of folders) await filledUser(server, sizes[folder]);
    for (const count of [sizes.middle, sizes.large]) await filledUser(server, count, "grown");
  },
  async run({ server, round, sizes }) {
    const { middle, large, deliveries } = sizes;
    const values: Record<string, number> = {
      deliverEmpty: await rate(server, await server.user(`grown0-${round}`), deliveries),
      deliverMiddle: await rate(server, await filledUser(server, middle, "grown"), deliveries),
      deliverLarge: await rate(server, await filledUser(server, large, "grown"), deliveries),
    };
    for (const folder of folders) {
      const count = sizes[folder];
      const connection = await (await ImapConnection.open(server.ports.imap)).login(await filledUser(server, count));
      await connection.command("SELECT INBOX");
      // As many messages in all for a small folder as for a large one.
      const repeats = Math.max(9, Math.min(100, 200_000 / count));
      for (const [name, command] of Object.entries(commands)) {
        const times: number[] = [];
        for (let at = 0; at < repeats / 2; at++) await connection.command(command);
        for (let at = 0; at < repeats; at++) times.push((await connection.command(command)).ms);
        values[`${name}-${folder}`] = (median(times) * 1000) / count;
      }
      connection.close();
    }
    return values;
  },
});

async function rate(server: BenchServer, { address: to }: { address: string }, messages: number): Promise<number> {
  const begun = performance.now();
  await smtpSource([{ port: server.ports.lmtp, to, connections: 10, messages, size: 4096 }]);
  return messages / ((performance.now() - begun) / 1000);
}
