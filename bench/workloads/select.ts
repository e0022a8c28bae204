import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { listening } from "../servers/child.ts";
import type { BenchServer, BenchUser } from "../servers/server.ts";
import { median, type Workload } from "../workload.ts";

const repeats = 9;
const counts = [10_000, 100_000] as const;

/** SELECT of large folders, by a session that has just begun: warm, and the first one after the server has started again. */
export const select: Workload = {
  name: "select",
  title: "SELECT of large folders",
  figures: {
    warm10k: { what: "10,000 messages, warm", unit: "ms", better: "less", aim: { value: 2 } },
    warm100k: { what: "100,000 messages, warm", unit: "ms", better: "less", aim: { value: 5 } },
    cold10k: { what: "10,000 messages, first after a restart", unit: "ms", better: "less", aim: { value: 200 } },
    cold100k: { what: "100,000 messages, first after a restart", unit: "ms", better: "less", aim: { value: 200 } },
  },
  async prepare(server) {
    for (const count of counts) await filledUser(server, count);
  },
  async run(server) {
    const [small, large] = await Promise.all(counts.map((count) => filledUser(server, count)));
    const warm10k = await warm(server, small!);
    const warm100k = await warm(server, large!);
    await server.restart();
    await listening(server.ports.lmtp);
    return { warm10k, warm100k, cold10k: await first(server, small!), cold100k: await first(server, large!) };
  },
};

async function warm(server: BenchServer, user: BenchUser): Promise<number> {
  const times: number[] = [];
  await first(server, user);
  for (let at = 0; at < repeats; at++) times.push(await first(server, user));
  return median(times);
}

async function first(server: BenchServer, user: BenchUser): Promise<number> {
  const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
  const { ms } = await connection.command("SELECT INBOX");
  connection.close();
  return ms;
}
