import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { freePort, listening, runScript } from "./child.ts";
import type { CountedMongo } from "./mongo-setting.ts";
import { peerScript, readVariables } from "./peers.ts";
import type { BenchServer } from "./server.ts";
import { multiplyMessages } from "./wildduck-copies.ts";

/** What the script installs the first time; kept for the next run in `EIDER_WILDDUCK` (default: below the system's temporary directory). */
const installed = ["node", "wd", "venv"];

/**
 * WildDuck from npm over Redis and the database that `wildduck_up.sh` finds, or over `engine`. Each has a directory and a
 * database of its own, so several can run.
 */
export async function startWildduck(directory: string, engine?: CountedMongo): Promise<BenchServer> {
  const kept = process.env.EIDER_WILDDUCK ?? join(tmpdir(), "eider-bench-wildduck");
  for (const part of installed) {
    mkdirSync(join(kept, part), { recursive: true });
    symlinkSync(join(kept, part), join(directory, part));
  }
  const names = ["IMAP_PORT", "IMAPS_PORT", "POP3_PORT", "LMTP_PORT", "API_PORT", "REDIS_PORT", "DB_PORT"];
  const env = Object.fromEntries(names.map((name) => [name, `${freePort()}`]));
  const settings = {
    ...env,
    USERS: "0",
    // `bun run` says in NODE which Node it found, and the script would take that one, too old for WildDuck.
    NODE: "",
    MONGO_URL: engine === undefined ? "" : `${engine.url}/wildduck?directConnection=true`,
    MONGO_PID: "",
  };
  const up = async () =>
    readVariables(await runScript(["bash", peerScript("wildduck_up.sh"), directory], settings, directory));
  const down = (...options: string[]) =>
    runScript(["bash", peerScript("wildduck_down.sh"), directory, ...options], {}, directory);
  let variables: Record<string, string>;
  try {
    variables = await up();
  } catch (error) {
    // What it has started is ended; the reason is what matters.
    await down("--wipe").catch(() => {});
    throw error;
  }
  await listening(Number(env.LMTP_PORT));
  const database = engine?.direct ?? `mongodb://127.0.0.1:${env.DB_PORT}`;
  return {
    name: "wildduck",
    pace: "slow",
    settings: [
      "WildDuck 1.51 from npm, one process, Debian's Redis",
      "over SecantusDB --sync-on-commit, a substitute for MongoDB: its speed is not MongoDB's, and most of the time is its",
      "writes with the option writeConcern: 'majority' of its own; what is on disk at 250 is up to the database",
    ],
    ports: { imap: Number(env.IMAP_PORT), imaps: Number(env.IMAPS_PORT), lmtp: Number(env.LMTP_PORT) },
    async user(name) {
      const address = `${name}@example.com`;
      const answer = await fetch(`http://127.0.0.1:${env.API_PORT}/users`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          username: name,
          password: variables.PASSWORD,
          address,
          quota: 100 * 2 ** 30,
          imapMaxConnections: 100_000,
          allowUnsafe: true,
        }),
      });
      const body = await answer.text();
      if (!answer.ok && !body.includes("UserExists")) throw new Error(`Cannot add user ${name}: ${body}`);
      return { login: name, password: variables.PASSWORD!, address };
    },
    pids: () => [Number(variables.WD_PID)],
    ...(engine === undefined ? {} : { roundTrips: engine.commands }),
    async multiply(user, count) {
      const client = await new MongoClient(database, { directConnection: true }).connect();
      try {
        await multiplyMessages(client.db("wildduck"), user.login, count);
      } finally {
        await client.close();
      }
    },
    async restart() {
      await down();
      variables = await up();
    },
    async stop() {
      await down("--wipe");
      for (const part of installed) rmSync(join(directory, part));
    },
  };
}
