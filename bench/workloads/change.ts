import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { workload } from "../workload.ts";

/** Changes of many messages in a large folder. */
export const change = workload({
  name: "change",
  title: "STORE, COPY, MOVE, EXPUNGE in a folder of {messages}",
  sizes: {
    messages: { full: 10_000, quick: 1000, slow: 2000 },
    stored: { full: 10_000, quick: 1000, slow: 300 },
    moved: { full: 100, quick: 100 },
  },
  figures: {
    store: { what: "STORE +FLAGS, {stored} messages", unit: "ms", better: "less", per: "stored", aim: { dovecot: 5 } },
    storeSilent: {
      what: "STORE +FLAGS.SILENT, {stored} messages",
      unit: "ms",
      better: "less",
      per: "stored",
      aim: { dovecot: 5 },
    },
    copy: { what: "COPY {moved}", unit: "ms", better: "less", aim: { dovecot: 1 } },
    move: { what: "MOVE {moved}", unit: "ms", better: "less", aim: { dovecot: 5 } },
    expunge: { what: "EXPUNGE {moved}", unit: "ms", better: "less", aim: { dovecot: 5 } },
  },
  async prepare({ server, sizes }) {
    await filledUser(server, sizes.messages, "changed");
  },
  async run({ server, round, sizes: { messages, stored, moved } }) {
    const user = await filledUser(server, messages, "changed");
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    const [there, back] = [`There${round}`, `Back${round}`];
    await connection.command(`CREATE ${there}`);
    await connection.command(`CREATE ${back}`);
    await connection.command("SELECT INBOX");
    const clock = async (command: string) => (await connection.command(command)).ms;
    const lot = (tenth: number) => `${(messages / 10) * tenth + 1}:${(messages / 10) * tenth + moved}`;
    await connection.command(`STORE 1:${stored} -FLAGS.SILENT (\\Flagged \\Seen)`);
    const store = await clock(`STORE 1:${stored} +FLAGS (\\Flagged)`);
    const storeSilent = await clock(`STORE 1:${stored} +FLAGS.SILENT (\\Seen)`);
    const copy = await clock(`COPY ${lot(2)} ${there}`);
    // Moved away and, unmeasured, brought back: every round finds as many.
    const move = await clock(`MOVE ${lot(4)} ${back}`);
    await connection.command(`SELECT ${back}`);
    await connection.command("COPY 1:* INBOX");
    await connection.command("SELECT INBOX");
    await connection.command(`COPY ${lot(6)} ${back}`);
    await connection.command(`STORE ${lot(6)} +FLAGS.SILENT (\\Deleted)`);
    const expunge = await clock("EXPUNGE");
    await connection.command(`SELECT ${back}`);
    await connection.command(`COPY ${moved + 1}:${2 * moved} INBOX`);
    connection.close();
    return { store, storeSilent, copy, move, expunge };
  },
});
