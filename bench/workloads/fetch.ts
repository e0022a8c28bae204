import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { median } from "../statistics.ts";
import { workload } from "../workload.ts";

const commands = {
  flags: "FETCH 1:* (FLAGS)",
  sizes: "UID FETCH 1:* (UID FLAGS RFC822.SIZE)",
  envelopes: "FETCH 1:* (ENVELOPE)",
  bodies: "FETCH 1:100 (BODY.PEEK[])",
} as const;

/** What a client asks of a large folder, everything asked for before it is measured. */
export const fetch = workload({
  name: "fetch",
  title: "FETCH in a folder of {messages}",
  sizes: {
    messages: { full: 10_000, quick: 1000 },
    // A server that has been up for a while has seen these commands before.
    warmUp: { full: 25, quick: 25, slow: 1 },
    repeats: { full: 9, quick: 9, slow: 2 },
  },
  figures: {
    flags: { what: commands.flags, unit: "ms", better: "less", aim: { dovecot: 1.5, wildduck: 20 } },
    sizes: { what: commands.sizes, unit: "ms", better: "less", aim: { dovecot: 2 } },
    envelopes: { what: `${commands.envelopes}, second time`, unit: "ms", better: "less", aim: { dovecot: 3 } },
    bodies: { what: commands.bodies, unit: "ms", better: "less", aim: { dovecot: 1 } },
  },
  async prepare({ server, sizes }) {
    await filledUser(server, sizes.messages);
  },
  async run({ server, sizes }) {
    const user = await filledUser(server, sizes.messages);
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    await connection.command("SELECT INBOX");
    const values: Record<string, number> = {};
    for (const [name, command] of Object.entries(commands)) {
      for (let at = 0; at < sizes.warmUp; at++) await connection.command(command);
      const times: number[] = [];
      for (let at = 0; at < sizes.repeats; at++) times.push((await connection.command(command)).ms);
      values[name] = median(times);
    }
    connection.close();
    return values;
  },
});
