import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import type { BenchUser } from "../servers/server.ts";
import { median, percentile } from "../statistics.ts";
import { workload } from "../workload.ts";

/** A server that gathers announcements waits with a timer, milliseconds: fewer of those are enough. */
const slow = 50;
const slowDeliveries = 20;

/** From the deliverer's 250 until EXISTS at a client that idles; 0 where it was there before the 250. */
export const push = workload({
  name: "push",
  title: "Push: 250 to the deliverer → EXISTS at an idle client, same node",
  sizes: { warmUp: { full: 30, quick: 10 }, deliveries: { full: 300, quick: 50, slow: 50 } },
  figures: {
    p50: { what: "median", unit: "ms", better: "less" },
    p99: { what: "99th percentile", unit: "ms", better: "less", aim: { value: 10 } },
  },
  async run({ server, round, sizes }) {
    const late = await pushDelays(server.ports, await server.user(`pushed${round}`), sizes);
    return { p50: median(late), p99: percentile(late, 0.99) };
  },
});

/** One delivery after the other, each when the one before has been heard of; milliseconds. */
export async function pushDelays(
  { imap, lmtp }: { readonly imap: number; readonly lmtp: number },
  user: BenchUser,
  { warmUp, deliveries }: { readonly warmUp: number; readonly deliveries: number },
): Promise<number[]> {
  const client = await (await ImapConnection.open(imap)).login(user);
  await client.command("SELECT INBOX");
  await client.exchange(Buffer.from("i IDLE\r\n"), "+");
  const deliverer = await LmtpConnection.open(lmtp);
  const late: number[] = [];
  for (let at = 0; at < warmUp + deliveries; at++) {
    const exists = new Promise<number>((resolve) => {
      client.onUnasked = (bytes) => {
        if (Buffer.from(bytes).includes("EXISTS")) resolve(performance.now());
      };
    });
    const replied = await deliverer.deliver(user.address, message(at, 4096));
    const wait = Math.max(0, (await exists) - replied);
    if (at >= warmUp || wait > slow) late.push(wait);
    if (wait > slow && late.length >= slowDeliveries) break;
  }
  deliverer.close();
  client.close();
  return late;
}
