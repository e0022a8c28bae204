import type { BenchServer } from "../servers/server.ts";
import { exists } from "./fill.ts";
import { ImapConnection } from "./imap-connection.ts";
import { smtpSource } from "./smtp-source.ts";

/** Octets of each message, without its header. */
export const deliveredSize = 4096;

/**
 * Deliveries a second: `messages` to each user, to each over `connections` of its own, and counted in the mailboxes
 * afterwards: smtp-source counts replies, whatever they say.
 */
export async function deliveryRate(
  server: BenchServer,
  names: readonly string[],
  connections: number,
  messages: number,
): Promise<number> {
  const users = await Promise.all(names.map((name) => server.user(name)));
  const before = await total(server, users);
  const begun = performance.now();
  await smtpSource(
    users.map(({ address: to }) => ({
      port: server.ports.lmtp,
      to,
      connections,
      messages,
      size: deliveredSize,
    })),
  );
  const seconds = (performance.now() - begun) / 1000;
  const arrived = (await total(server, users)) - before;
  const sent = messages * users.length;
  if (arrived !== sent) throw new Error(`${server.name}: ${sent} messages were delivered, ${arrived} are there`);
  return sent / seconds;
}

async function total(server: BenchServer, users: readonly { login: string; password: string }[]): Promise<number> {
  let sum = 0;
  for (const user of users) {
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    sum += await exists(connection);
    connection.close();
  }
  return sum;
}
