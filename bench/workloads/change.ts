import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import type { Workload } from "../workload.ts";

/** Changes of many messages in a folder of 10,000. */
export const change: Workload = {
  name: "change",
  title: "STORE, COPY, MOVE, EXPUNGE in a folder of 10,000",
  figures: {
    store: { what: "STORE 1:* +FLAGS, 10,000 messages", unit: "ms", better: "less", aim: { times: 5 } },
    storeSilent: { what: "STORE 1:* +FLAGS.SILENT, 10,000 messages", unit: "ms", better: "less", aim: { times: 5 } },
    copy: { what: "COPY 100", unit: "ms", better: "less", aim: { times: 1 } },
    move: { what: "MOVE 100", unit: "ms", better: "less", aim: { times: 5 } },
    expunge: { what: "EXPUNGE 100", unit: "ms", better: "less", aim: { times: 5 } },
  },
  async prepare(server) {
    await filledUser(server, 10_000, "changed");
  },
  async run(server, round) {
    const user = await filledUser(server, 10_000, "changed");
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    const [there, back] = [`There${round}`, `Back${round}`];
    await connection.command(`CREATE ${there}`);
    await connection.command(`CREATE ${back}`);
    await connection.command("SELECT INBOX");
    const clock = async (command: string) => (await connection.command(command)).ms;
    await connection.command("STORE 1:* -FLAGS.SILENT (\\Flagged \\Seen)");
    const store = await clock("STORE 1:* +FLAGS (\\Flagged)");
    const storeSilent = await clock("STORE 1:* +FLAGS.SILENT (\\Seen)");
    const copy = await clock(`COPY 2001:2100 ${there}`);
    // Moved away and, unmeasured, brought back: every round finds 10,000.
    const move = await clock(`MOVE 4001:4100 ${back}`);
    await connection.command(`COPY 1:100 ${there}`);
    await connection.command(`SELECT ${back}`);
    await connection.command("COPY 1:* INBOX");
    await connection.command("SELECT INBOX");
    await connection.command("STORE 6001:6100 +FLAGS.SILENT (\\Deleted)");
    const expunge = await clock("EXPUNGE");
    await connection.command(`SELECT ${back}`);
    await connection.command("COPY 1:* INBOX");
    connection.close();
    return { store, storeSilent, copy, move, expunge };
  },
};
