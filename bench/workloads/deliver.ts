import { exists } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { smtpSource } from "../load/smtp-source.ts";
import type { BenchServer } from "../servers/server.ts";
import type { Workload } from "../workload.ts";

const size = 4096;
const spread = 10;

/** Deliveries a second of 4 kB over LMTP, each round into mailboxes of its own. */
export const deliver: Workload = {
  name: "deliver",
  title: "LMTP deliveries, 4 kB (smtp-source)",
  figures: {
    one: { what: "1 connection, one mailbox", unit: "/s", better: "more", aim: { times: 2 } },
    ten: { what: "10 connections, one mailbox", unit: "/s", better: "more", aim: { times: 3.5 } },
    fifty: { what: "50 connections, one mailbox", unit: "/s", better: "more", aim: { times: 4 } },
    spread: { what: "10 users, 5 connections each", unit: "/s", better: "more", aim: { times: 3 } },
  },
  async prepare(server) {
    // A server that has been up for a while: code compiled, caches filled, processes forked.
    await rate(server, ["warm"], 10, 4000);
  },
  async run(server, round) {
    const users = Array.from({ length: spread }, (_, at) => `spread${round}-${at}`);
    return {
      one: await rate(server, [`one${round}`], 1, 1000),
      ten: await rate(server, [`ten${round}`], 10, 4000),
      fifty: await rate(server, [`fifty${round}`], 50, 6000),
      spread: await rate(server, users, 5, 600),
    };
  },
};

/** Deliveries a second: `messages` to each user, each over `connections` of its own. */
async function rate(server: BenchServer, names: readonly string[], connections: number, messages: number) {
  const users = await Promise.all(names.map((name) => server.user(name)));
  const inboxes = await Promise.all(
    users.map(async (user) => (await ImapConnection.open(server.ports.imap)).login(user)),
  );
  const before = await total(inboxes);
  const begun = performance.now();
  const { lmtp: port } = server.ports;
  await Promise.all(users.map(({ address: to }) => smtpSource({ port, to, connections, messages, size })));
  const seconds = (performance.now() - begun) / 1000;
  const arrived = (await total(inboxes)) - before;
  for (const inbox of inboxes) inbox.close();
  const sent = messages * users.length;
  if (arrived !== sent) throw new Error(`${server.name}: ${sent} messages were delivered, ${arrived} are there`);
  return sent / seconds;
}

async function total(inboxes: readonly ImapConnection[]): Promise<number> {
  return (await Promise.all(inboxes.map(exists))).reduce((sum, count) => sum + count, 0);
}
