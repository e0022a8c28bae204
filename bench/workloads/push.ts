import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import { median, percentile, type Workload } from "../workload.ts";

const deliveries = 300;
const warmUp = 30;

/** From the deliverer's 250 until EXISTS at a client that idles; 0 where it was there before the 250. */
export const push: Workload = {
  name: "push",
  title: "Push: 250 to the deliverer → EXISTS at an idle client, same node",
  figures: {
    p50: { what: "median", unit: "ms", better: "less" },
    p99: { what: "99th percentile", unit: "ms", better: "less", aim: { value: 10 } },
  },
  async run(server, round) {
    const user = await server.user(`pushed${round}`);
    const client = await (await ImapConnection.open(server.ports.imap)).login(user);
    await client.command("SELECT INBOX");
    await client.exchange(Buffer.from("i IDLE\r\n"), "+");
    const lmtp = await LmtpConnection.open(server.ports.lmtp);
    const late: number[] = [];
    for (let at = 0; at < warmUp + deliveries; at++) {
      let heard: (at: number) => void = () => {};
      const exists = new Promise<number>((resolve) => {
        heard = resolve;
      });
      client.onUnasked = (bytes) => {
        if (Buffer.from(bytes).includes("EXISTS")) heard(performance.now());
      };
      const replied = await lmtp.deliver(user.address, message(round * 10_000 + at, 4096));
      const wait = Math.max(0, (await exists) - replied);
      if (at >= warmUp) late.push(wait);
      // A server that gathers announcements waits with a timer: that one is to be measured, not its being rearmed.
      if (wait > 50 && late.length >= 20) break;
    }
    lmtp.close();
    client.close();
    return { p50: median(late), p99: percentile(late, 0.99) };
  },
};
