import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { median, type Workload } from "../workload.ts";

const commands = {
  flags: "FETCH 1:* (FLAGS)",
  sizes: "UID FETCH 1:* (UID FLAGS RFC822.SIZE)",
  envelopes: "FETCH 1:* (ENVELOPE)",
  bodies: "FETCH 1:100 (BODY.PEEK[])",
} as const;
/** Runs before the first that counts: a server that has been up for a while has seen these commands before. */
const warmUp = 25;
const repeats = 9;

/** What a client asks of a folder of 10,000 messages, everything asked for once before it is measured. */
export const fetch: Workload = {
  name: "fetch",
  title: "FETCH in a folder of 10,000",
  figures: {
    flags: { what: commands.flags, unit: "ms", better: "less", aim: { times: 1.5 } },
    sizes: { what: commands.sizes, unit: "ms", better: "less", aim: { times: 2 } },
    envelopes: { what: `${commands.envelopes}, second time`, unit: "ms", better: "less", aim: { times: 3 } },
    bodies: { what: commands.bodies, unit: "ms", better: "less", aim: { times: 1 } },
  },
  async prepare(server) {
    await filledUser(server, 10_000);
  },
  async run(server) {
    const user = await filledUser(server, 10_000);
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    await connection.command("SELECT INBOX");
    const values: Record<string, number> = {};
    for (const [name, command] of Object.entries(commands)) {
      for (let at = 0; at < warmUp; at++) await connection.command(command);
      const times: number[] = [];
      for (let at = 0; at < repeats; at++) times.push((await connection.command(command)).ms);
      values[name] = median(times);
    }
    connection.close();
    return values;
  },
};
