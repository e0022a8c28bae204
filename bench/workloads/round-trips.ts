import { isThere, mongoEngine, redisEngine } from "../../test/engines.ts";
import { startTestServer } from "../../test/server.ts";
import { ImapConnection } from "../load/imap-connection.ts";
import { LmtpConnection } from "../load/lmtp-connection.ts";
import { message } from "../load/messages.ts";
import { median, type Workload } from "../workload.ts";

const repeats = 9;
const messages = 200;
const connections = 50;
const each = 20;

/** Round trips to MongoDB for each operation, counted by the driver's command monitoring in a server of its own. */
export const roundTrips: Workload = {
  name: "round-trips",
  title: "MongoDB round trips",
  only: ["eider"],
  rounds: 1,
  figures: {
    delivery: { what: "a delivery alone", unit: "", better: "less", aim: { value: 1 } },
    many: { what: `a delivery of ${connections} at once`, unit: "", better: "less", aim: { value: 0.1 } },
    login: { what: "LOGIN with the whole user name", unit: "", better: "less", aim: { value: 1 } },
    bareLogin: { what: "LOGIN with a name without its domain", unit: "", better: "less" },
    select: { what: "SELECT, warm", unit: "", better: "less", aim: { value: 0 } },
    flags: { what: "FETCH 1:* (FLAGS), warm", unit: "", better: "less", aim: { value: 0 } },
    store: { what: "STORE 1:* +FLAGS", unit: "", better: "less", aim: { value: 1 } },
  },
  async run() {
    const [mongo, redis] = await Promise.all([mongoEngine(), redisEngine()]);
    if (!isThere(mongo) || !isThere(redis)) return {};
    const server = await startTestServer({
      EIDER_STORE_KIND: "mongodb",
      EIDER_MONGODB_URL: mongo.url,
      EIDER_MONGODB_DATABASE: `bench_${Date.now()}`,
      EIDER_REDIS_URL: redis.url,
    });
    try {
      return await count(server);
    } finally {
      await server.close();
    }
  },
};

async function count(server: Awaited<ReturnType<typeof startTestServer>>): Promise<Record<string, number>> {
  const user = { login: "counted", password: "secret" };
  await server.addUser(user.login, user.password);
  const total = async () => (await server.server.stats()).roundTrips;
  const cost = async (run: () => Promise<unknown>): Promise<number> => {
    const costs: number[] = [];
    for (let at = 0; at < repeats; at++) {
      const before = await total();
      await run();
      costs.push((await total()) - before);
    }
    return median(costs);
  };
  const lmtp = await Promise.all(Array.from({ length: connections }, () => LmtpConnection.open(server.lmtp)));
  const address = `${user.login}@localhost`;
  let number = 0;
  const deliver = (connection: LmtpConnection) => connection.deliver(address, message(number++, 4096));
  for (let at = 0; at < messages; at++) await deliver(lmtp[0]!);
  const delivery = await cost(() => deliver(lmtp[0]!));
  const before = await total();
  await Promise.all(
    lmtp.map(async (connection) => {
      for (let at = 0; at < each; at++) await deliver(connection);
    }),
  );
  const many = ((await total()) - before) / (connections * each);
  for (const connection of lmtp) connection.close();
  const imap = await ImapConnection.open(server.imap);
  await imap.login(user);
  await imap.command("SELECT INBOX");
  const signIn = (login: string) => async () => {
    const connection = await (await ImapConnection.open(server.imap)).login({ ...user, login });
    connection.close();
  };
  const login = await cost(signIn(address));
  const bareLogin = await cost(signIn(user.login));
  const select = await cost(() => imap.command("SELECT INBOX"));
  const flags = await cost(() => imap.command("FETCH 1:* (FLAGS)"));
  let sign = "-";
  const store = await cost(() => {
    sign = sign === "+" ? "-" : "+";
    return imap.command(`STORE 1:* ${sign}FLAGS (\\Flagged)`);
  });
  imap.close();
  return { delivery, many, login, bareLogin, select, flags, store };
}
