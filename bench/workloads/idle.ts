import { ImapConnection } from "../load/imap-connection.ts";
import { proportionalSize } from "../load/memory.ts";
import { listening } from "../servers/child.ts";
import type { BenchServer } from "../servers/server.ts";
import type { Workload } from "../workload.ts";

const sessions = 4000;
/** Sessions that came and went before, a few at a time: the server's own size, its code compiled and pools filled. */
const earlier = 4000;
const atOnce = 20;
const usersInAll = 100;

/** Memory that an idle session costs: logged in, INBOX selected, IDLE. PSS of all processes of the server, before and after. */
export const idle: Workload = {
  name: "idle",
  title: `Memory of an idle session, ${sessions} of them`,
  rounds: 1,
  figures: {
    plain: { what: "plain", unit: "kB", better: "less", aim: { value: 6 } },
    tls: { what: "TLS", unit: "kB", better: "less", aim: { value: 12 } },
  },
  async run(server) {
    const plain = await perSession(server, false);
    // What the first lot left behind must not be there for the second to use.
    await server.restart();
    await listening(server.ports.lmtp);
    return { plain, tls: await perSession(server, true) };
  },
};

async function perSession(server: BenchServer, tls: boolean): Promise<number> {
  const open: ImapConnection[] = [];
  const port = tls ? server.ports.imaps : server.ports.imap;
  const begin = async (at: number): Promise<void> => {
    const user = await server.user(`idle${at % usersInAll}`);
    const connection = await (await ImapConnection.open(port, { tls })).login(user);
    await connection.command("SELECT INBOX");
    await connection.exchange(Buffer.from("i IDLE\r\n"), "+");
    open.push(connection);
  };
  const reach = async (count: number): Promise<number> => {
    while (open.length < count) {
      const from = open.length;
      await Promise.all(Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => begin(from + at)));
    }
    await settled(server);
    return proportionalSize(server.pids());
  };
  try {
    for (let at = 0; at < earlier; at += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, more) => begin(at + more)));
      for (const connection of open.splice(0)) connection.close();
    }
    const before = await reach(0);
    const after = await reach(sessions);
    return (after - before) / sessions / 1024;
  } finally {
    for (const connection of open) connection.close();
    await Bun.sleep(3000);
  }
}

/** Garbage of the logins is collected when the server has time: waits until its size no longer falls, at most a minute. */
async function settled(server: BenchServer): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  for (let at = 0; at < 12; at++) {
    await Bun.sleep(5000);
    const now = proportionalSize(server.pids());
    if (now > last * 0.998) return;
    last = now;
  }
}
