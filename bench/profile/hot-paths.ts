import { bareAppends, bareSqliteAppends } from "../load/bare-appends.ts";
import { deliveredSize, deliveryRate } from "../load/delivery-rate.ts";
import { filledUser } from "../load/fill.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import type { ProfiledPath } from "../results-file.ts";
import type { BenchServer } from "../servers/server.ts";
import type { Size } from "../workload.ts";
import { bareAnswers } from "./bare-socket.ts";

export type HotPath = {
  readonly name: string;
  /** What is counted as one operation. */
  readonly operation: string;
  readonly operations: Size;
  /** Of them, while every system call is followed. */
  readonly followed: Size;
  /** Ready to run any number of operations; octets of payload of one are its answer's last. */
  open(server: BenchServer): Promise<Load>;
  /** How many a second would be possible if the server did nothing else. */
  limits(payload: number): Promise<ProfiledPath["limits"]>;
};

export type Load = {
  run(operations: number): Promise<void>;
  /** Octets that the client gave or was given for one operation. */
  payload(): number;
  close(): void;
};

const folder = 10_000;

export const hotPaths: readonly HotPath[] = [
  {
    name: "delivery",
    operation: "a delivery of 4 kB, of 50 at once into one mailbox",
    operations: { full: 10_000, quick: 1000 },
    followed: { full: 2000, quick: 500 },
    open: async (server) => ({
      run: async (operations) => void (await deliveryRate(server, ["profiled"], 50, operations)),
      payload: () => deliveredSize,
      close() {},
    }),
    limits: async (size) => [
      { what: "fdatasync after each append of one message to a file", perSecond: bareAppends({ size, group: 1 }) },
      { what: "appends of messages to a file, 50 for each fdatasync", perSecond: bareAppends({ size, group: 50 }) },
      { what: "rows of SQLite, WAL and FULL, 50 for each commit", perSecond: bareSqliteAppends({ size, group: 50 }) },
    ],
  },
  reading("FETCH FLAGS", `FETCH 1:* (FLAGS) of ${folder.toLocaleString("en")} messages`, "FETCH 1:* (FLAGS)"),
  reading("FETCH BODY", "FETCH 1:100 (BODY.PEEK[]), 2 kB each", "FETCH 1:100 (BODY.PEEK[])"),
  {
    name: "IDLE push",
    operation: "EXISTS at one of 100 idle clients of a user, each delivery being heard by all",
    operations: { full: 30_000, quick: 3000 },
    followed: { full: 3000, quick: 1000 },
    open: openPush,
    limits: async (size) => [
      { what: "answers of as many octets by a bare socket", perSecond: await bareAnswers(size) },
    ],
  },
];

function reading(name: string, operation: string, command: string): HotPath {
  return {
    name,
    operation,
    operations: { full: 1000, quick: 100 },
    followed: { full: 100, quick: 20 },
    async open(server) {
      const connection = await (await ImapConnection.open(server.ports.imap)).login(await filledUser(server, folder));
      await connection.command("SELECT INBOX");
      let bytes = 0;
      return {
        async run(operations) {
          for (let at = 0; at < operations; at++) bytes = (await connection.command(command)).bytes;
        },
        payload: () => bytes,
        close: () => connection.close(),
      };
    },
    limits: async (size) => [
      { what: "answers of as many octets by a bare socket", perSecond: await bareAnswers(size) },
    ],
  };
}

const idlers = 100;

async function openPush(server: BenchServer): Promise<Load> {
  const user = await server.user("pushed-profile");
  let bytes = 0;
  let heard = 0;
  let all: () => void = () => {};
  const clients = await Promise.all(
    Array.from({ length: idlers }, async () => {
      const client = await (await ImapConnection.open(server.ports.imap)).login(user);
      await client.command("SELECT INBOX");
      await client.exchange(Buffer.from("i IDLE\r\n"), "+");
      client.onUnasked = (said) => {
        if (!Buffer.from(said).includes("EXISTS")) return;
        bytes = said.length;
        if (++heard === idlers) all();
      };
      return client;
    }),
  );
  const deliverer = await LmtpConnection.open(server.ports.lmtp);
  let number = 0;
  return {
    async run(operations) {
      for (let at = 0; at < operations / idlers; at++) {
        heard = 0;
        const everyone = new Promise<void>((resolve) => {
          all = resolve;
        });
        await deliverer.deliver(user.address, message(number++, deliveredSize));
        await everyone;
      }
    },
    payload: () => bytes,
    close() {
      deliverer.close();
      for (const client of clients) client.close();
    },
  };
}
