import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { median } from "../statistics.ts";
import { workload } from "../workload.ts";

/** The command with which a client opens a folder that it knows, where the folder is very large. */
export const fetchLarge = workload({
  name: "fetch-large",
  title: "FETCH FLAGS in a folder of {messages}",
  sizes: {
    messages: { full: 80_000, quick: 2000 },
    warmUp: { full: 10, quick: 5, slow: 1 },
    repeats: { full: 9, quick: 5, slow: 1 },
  },
  figures: {
    flags: { what: "FETCH 1:* (FLAGS), {messages} messages", unit: "ms", better: "less", aim: { wildduck: 100 } },
  },
  async prepare({ server, sizes }) {
    await filledUser(server, sizes.messages, "large");
  },
  async run({ server, sizes }) {
    const connection = await ImapConnection.open(server.ports.imap);
    await connection.login(await filledUser(server, sizes.messages, "large"));
    await connection.command("SELECT INBOX");
    for (let at = 0; at < sizes.warmUp; at++) await connection.command("FETCH 1:* (FLAGS)");
    const times: number[] = [];
    for (let at = 0; at < sizes.repeats; at++) times.push((await connection.command("FETCH 1:* (FLAGS)")).ms);
    connection.close();
    return { flags: median(times) };
  },
});
