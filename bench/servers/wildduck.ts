import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listening, runScript } from "./child.ts";
import { peerScript, readVariables } from "./peers.ts";
import type { BenchServer } from "./server.ts";

/**
 * WildDuck from npm over Redis and the database that `wildduck_up.sh` finds. The first start installs all of it, into
 * `EIDER_WILDDUCK` (default: a directory under the system's temporary one), which is kept for the next.
 */
export async function startWildduck(): Promise<BenchServer> {
  const directory = process.env.EIDER_WILDDUCK ?? join(tmpdir(), "eider-bench-wildduck");
  mkdirSync(directory, { recursive: true });
  const names = ["IMAP_PORT", "IMAPS_PORT", "POP3_PORT", "LMTP_PORT", "API_PORT", "REDIS_PORT", "DB_PORT"];
  const env = Object.fromEntries(names.map((name) => [name, `${freePort()}`]));
  const up = async () =>
    readVariables(
      await runScript(["bash", peerScript("wildduck_up.sh"), directory], { ...env, USERS: "0" }, directory),
    );
  let variables = await up();
  await listening(Number(env.LMTP_PORT));
  return {
    name: "wildduck",
    settings: [
      "WildDuck 1.51 from npm, one process, Debian's Redis",
      "over SecantusDB --sync-on-commit, a substitute for MongoDB: its speed is not MongoDB's, and most of the time is its",
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
    // The server's own process; the database and Redis are counted apart by whoever wants to.
    pids: () => [Number(variables.WD_PID)],
    async restart() {
      await runScript(["bash", peerScript("wildduck_down.sh"), directory], {}, directory);
      variables = await up();
    },
    async stop() {
      await runScript(["bash", peerScript("wildduck_down.sh"), directory, "--wipe"], {}, directory);
    },
  };
}
