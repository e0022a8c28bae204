import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { listening } from "../servers/child.ts";
import type { BenchServer, BenchUser } from "../servers/server.ts";
import { median } from "../statistics.ts";
import { workload } from "../workload.ts";

/** SELECT of large folders, by a session that has just begun: warm, and the first one after the server has started again. */
export const select = workload({
  name: "select",
  title: "SELECT of large folders",
  sizes: {
    small: { full: 10_000, quick: 1000 },
    large: { full: 100_000, quick: 2000, slow: 20_000 },
    repeats: { full: 9, quick: 5, slow: 3 },
  },
  figures: {
    warmSmall: { what: "{small} messages, warm", unit: "ms", better: "less", aim: { value: 2 } },
    warmLarge: { what: "{large} messages, warm", unit: "ms", better: "less", aim: { value: 5 } },
    coldSmall: { what: "{small} messages, first after a restart", unit: "ms", better: "less", aim: { value: 200 } },
    coldLarge: { what: "{large} messages, first after a restart", unit: "ms", better: "less", aim: { value: 200 } },
  },
  async prepare({ server, sizes }) {
    for (const count of [sizes.small, sizes.large]) await filledUser(server, count);
  },
  async run({ server, sizes }) {
    const [small, large] = [await filledUser(server, sizes.small), await filledUser(server, sizes.large)];
    const warmSmall = await warm(server, small, sizes.repeats);
    const warmLarge = await warm(server, large, sizes.repeats);
    await server.restart();
    await listening(server.ports.lmtp);
    return { warmSmall, warmLarge, coldSmall: await first(server, small), coldLarge: await first(server, large) };
  },
});

async function warm(server: BenchServer, user: BenchUser, repeats: number): Promise<number> {
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
