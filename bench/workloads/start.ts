import { ImapConnection } from "../load/imap-connection.ts";
import { answers } from "../servers/child.ts";
import { workload } from "../workload.ts";

/** The server is started on a data directory with many accounts: until the first LOGIN is answered. */
export const start = workload({
  name: "start",
  title: "Start with {accounts} accounts",
  sizes: { accounts: { full: 1000, quick: 100 } },
  figures: { login: { what: "start → first LOGIN answered", unit: "ms", better: "less", aim: { value: 500 } } },
  only: ["eider"],
  async prepare({ server, sizes }) {
    for (let at = 0; at < sizes.accounts; at += 20)
      await Promise.all(Array.from({ length: 20 }, (_, more) => server.user(`account${at + more}`)));
  },
  async run({ server, sizes }) {
    const user = await server.user(`account${sizes.accounts >> 1}`);
    // Ends the server, then starts it: only the second half counts.
    await server.restart();
    const begun = performance.now();
    while (!(await answers(server.ports.imap))) await Bun.sleep(2);
    const connection = await (await ImapConnection.open(server.ports.imap)).login(user);
    const login = performance.now() - begun;
    connection.close();
    return { login };
  },
});
