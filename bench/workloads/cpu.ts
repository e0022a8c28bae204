import { cpuSeconds } from "../load/cpu-time.ts";
import { deliveryRate } from "../load/delivery-rate.ts";
import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { workload } from "../workload.ts";

/**
 * CPU time that a server's own processes take, in user and kernel mode: what a machine is bought for, and what does not depend on a
 * database that is elsewhere. The mixed commands are what a client does that opens a folder, looks around and reads.
 */
export const cpu = workload({
  name: "cpu",
  title: "CPU time of the server's processes",
  sizes: {
    warm: { full: 4000, quick: 300, slow: 30 },
    deliveries: { full: 6000, quick: 500, slow: 150 },
    messages: { full: 1000, quick: 200 },
    sessions: { full: 10, quick: 5, slow: 5 },
    turns: { full: 200, quick: 20, slow: 3 },
  },
  figures: {
    delivery: {
      what: "a delivery of 4 kB, of 10 at once",
      unit: "ms",
      better: "less",
      aim: { dovecot: 1, wildduck: 5 },
    },
    command: {
      what: "a mixed IMAP command, of {sessions} sessions at once",
      unit: "ms",
      better: "less",
      aim: { dovecot: 1, wildduck: 5 },
    },
  },
  async prepare({ server, sizes }) {
    await deliveryRate(server, ["cpu-warm"], 10, sizes.warm);
    await filledUser(server, sizes.messages, "mixed");
    await mixed(server.ports.imap, await filledUser(server, sizes.messages, "mixed"), sizes.sessions, sizes.turns);
  },
  async run({ server, round, sizes }) {
    const spent = async <T>(run: () => Promise<T>): Promise<[number, T]> => {
      const before = cpuSeconds(server.pids());
      const result = await run();
      return [(cpuSeconds(server.pids()) - before) * 1000, result];
    };
    await server.user(`cpu${round}`);
    const [delivered] = await spent(() => deliveryRate(server, [`cpu${round}`], 10, sizes.deliveries));
    const user = await filledUser(server, sizes.messages, "mixed");
    const [read, commands] = await spent(() => mixed(server.ports.imap, user, sizes.sessions, sizes.turns));
    return { delivery: delivered / sizes.deliveries, command: read / commands };
  },
});

type User = { readonly login: string; readonly password: string };

/** Every session does its turns; the number of commands in all. */
async function mixed(port: number, user: User, sessions: number, turns: number): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: sessions }, async (_, session) => {
      const connection = await (await ImapConnection.open(port)).login(user);
      let commands = 1;
      for (let turn = 0; turn < turns; turn++) {
        for (const command of turnOf(session * turns + turn)) {
          await connection.command(command);
          commands++;
        }
      }
      connection.close();
      return commands;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A look at the newest messages, one of them read and marked, another one searched for. */
function turnOf(number: number): string[] {
  const one = 1 + (number % 100);
  return [
    "NOOP",
    "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)",
    "SELECT INBOX",
    "FETCH 1:50 (UID FLAGS RFC822.SIZE)",
    "FETCH 1:20 (UID FLAGS ENVELOPE BODYSTRUCTURE INTERNALDATE)",
    `FETCH ${one} (BODY.PEEK[])`,
    `STORE ${one} ${number % 2 ? "+" : "-"}FLAGS (\\Seen)`,
    "UID SEARCH UNSEEN",
    'LIST "" "*"',
  ];
}
