import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import { median } from "../statistics.ts";
import { workload } from "../workload.ts";

/**
 * Commands to MongoDB for each operation, counted on the way there, the same for every server. What a driver says of its own accord
 * (hello, ping) is not counted; what a server does later or in the background is, where it falls into the operation.
 */
export const roundTrips = workload({
  name: "round-trips",
  title: "MongoDB round trips",
  setting: "mongodb",
  rounds: 1,
  sizes: {
    messages: { full: 200, quick: 50, slow: 50 },
    connections: { full: 50, quick: 50, slow: 50 },
    each: { full: 20, quick: 5, slow: 4 },
    repeats: { full: 9, quick: 5 },
  },
  figures: {
    delivery: { what: "a delivery alone", unit: "", better: "less", aim: { value: 1 } },
    many: { what: "a delivery of {connections} at once", unit: "", better: "less", aim: { value: 0.1 } },
    login: { what: "LOGIN with the user name", unit: "", better: "less", aim: { value: 1 } },
    loginByAddress: { what: "LOGIN with an address of that user", unit: "", better: "less" },
    select: { what: "SELECT, warm", unit: "", better: "less", aim: { value: 0 } },
    flags: { what: "FETCH 1:* (FLAGS), warm", unit: "", better: "less", aim: { value: 0 } },
    store: { what: "STORE 1:* +FLAGS, {messages} messages", unit: "", better: "less", aim: { value: 1 } },
  },
  async run({ server, round, sizes }) {
    const total = server.roundTrips!;
    const cost = async (run: () => Promise<unknown>): Promise<number> => {
      const costs: number[] = [];
      for (let at = 0; at < sizes.repeats; at++) {
        const before = total();
        await run();
        costs.push(total() - before);
        // What it leaves for later must not fall into the next.
        await Bun.sleep(100);
      }
      return median(costs);
    };
    const user = await server.user(`counted${round}`);
    const lmtp: LmtpConnection[] = [];
    for (let at = 0; at < sizes.connections; at++) lmtp.push(await LmtpConnection.open(server.ports.lmtp));
    let number = 0;
    const deliver = (connection: LmtpConnection) => connection.deliver(user.address, message(number++, 4096));
    for (let at = 0; at < 10; at++) await deliver(lmtp[0]!);
    const delivery = await cost(() => deliver(lmtp[0]!));
    const before = total();
    await Promise.all(
      lmtp.map(async (connection) => {
        for (let at = 0; at < sizes.each; at++) await deliver(connection);
      }),
    );
    const many = (total() - before) / (sizes.connections * sizes.each);
    for (const connection of lmtp) connection.close();

    const filled = await filledUser(server, sizes.messages, "counted-read");
    const imap = await ImapConnection.open(server.ports.imap);
    await imap.login(filled);
    await imap.command("SELECT INBOX");
    const signIn = (login: string) => async () => {
      (await (await ImapConnection.open(server.ports.imap)).login({ ...filled, login })).close();
    };
    const login = await cost(signIn(filled.login));
    const loginByAddress = await cost(signIn(filled.address));
    const select = await cost(() => imap.command("SELECT INBOX"));
    const flags = await cost(() => imap.command("FETCH 1:* (FLAGS)"));
    let sign = "-";
    const store = await cost(() => {
      sign = sign === "+" ? "-" : "+";
      return imap.command(`STORE 1:* ${sign}FLAGS (\\Flagged)`);
    });
    imap.close();
    return { delivery, many, login, loginByAddress, select, flags, store };
  },
});
