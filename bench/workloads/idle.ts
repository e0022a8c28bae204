import { ImapConnection } from "../load/imap-connection.ts";
import { proportionalSize, settledSize } from "../load/memory.ts";
import { listening } from "../servers/child.ts";
import type { BenchServer } from "../servers/server.ts";
import { workload } from "../workload.ts";

const atOnce = 20;
const usersInAll = 100;

/** Memory that an idle session costs: logged in, INBOX selected, IDLE. PSS of all processes of the server, before and after. */
export const idle = workload({
  name: "idle",
  title: "Memory of an idle session, {sessions} of them",
  rounds: 1,
  sizes: {
    sessions: { full: 4000, quick: 200, slow: 400 },
    // Came and went before, a few at a time: the server's own size, its code compiled and pools filled.
    earlier: { full: 4000, quick: 200, slow: 400 },
  },
  figures: {
    plain: { what: "plain", unit: "kB", better: "less", aim: { value: 6 } },
    tls: { what: "TLS", unit: "kB", better: "less", aim: { value: 12 } },
  },
  async run({ server, sizes }) {
    const plain = await perSession(server, sizes, false);
    // What the first lot left behind must not be there for the second to use.
    await server.restart();
    await listening(server.ports.lmtp);
    return { plain, tls: await perSession(server, sizes, true) };
  },
});

type Counts = { readonly sessions: number; readonly earlier: number };

async function perSession(server: BenchServer, { sessions, earlier }: Counts, tls: boolean): Promise<number> {
  const open: ImapConnection[] = [];
  const port = tls ? server.ports.imaps : server.ports.imap;
  const begin = async (at: number): Promise<void> => {
    const user = await server.user(`idle${at % usersInAll}`);
    const connection = await (await ImapConnection.open(port, { tls })).login(user);
    await connection.command("SELECT INBOX");
    await connection.exchange(Buffer.from("i IDLE\r\n"), "+");
    open.push(connection);
  };
  try {
    for (let at = 0; at < earlier; at += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, more) => begin(at + more)));
      for (const connection of open.splice(0)) connection.close();
    }
    await settledSize(server.pids);
    const before = proportionalSize(server.pids());
    while (open.length < sessions) {
      const from = open.length;
      await Promise.all(Array.from({ length: Math.min(atOnce, sessions - from) }, (_, at) => begin(from + at)));
    }
    const after = await settledSize(server.pids);
    return (after - before) / sessions / 1024;
  } finally {
    for (const connection of open) connection.close();
    await Bun.sleep(3000);
  }
}
