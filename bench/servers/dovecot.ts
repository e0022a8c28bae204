import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { family, freePort, listening, run, runScript } from "./child.ts";
import { peerScript, readVariables } from "./peers.ts";
import type { BenchServer } from "./server.ts";

/** Dovecot from the distribution, as `dovecot_up.sh` configures it; needs root. */
export async function startDovecot(directory: string): Promise<BenchServer> {
  chmodSync(directory, 0o755);
  const scripts = withFreePorts(join(directory, "scripts"));
  const up = async () =>
    readVariables(await runScript(["bash", join(scripts, "dovecot_up.sh"), directory], { MAXCONN: "6000" }, directory));
  const down = () => runScript(["bash", join(scripts, "dovecot_down.sh"), directory], {}, directory);
  let variables = await up();
  const port = (name: string) => Number(variables[name]);
  await listening(port("LMTP_PORT"));
  const conf = await run(["doveconf", "-c", join(directory, "dovecot.conf"), "-h", "mail_fsync"]);
  return {
    name: "dovecot",
    pace: "usual",
    settings: [
      `Dovecot ${(await run(["dovecot", "--version"])).trim()}, maildir`,
      `mail_fsync=${conf.trim()} (its default): fsync of a delivered message and its directory before 250`,
    ],
    ports: { imap: port("IMAP_PORT"), imaps: port("IMAPS_PORT"), lmtp: port("LMTP_PORT") },
    user: async (name) => ({ login: name, password: variables.PASSWORD!, address: `${name}@localhost` }),
    pids: () => family(port("DOVECOT_PID")),
    async restart() {
      await down();
      variables = await up();
    },
    async stop() {
      await down();
      for (const part of ["mail", "run", "state"]) rmSync(join(directory, part), { recursive: true, force: true });
    },
  };
}

/** A copy of the scripts, whose ports are fixed, for ports that are free. */
function withFreePorts(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const ports = ["10143", "10993", "10110", "10995", "10024"].map((fixed) => [fixed, `${freePort()}`] as const);
  for (const name of ["dovecot_up.sh", "dovecot_down.sh", "dovecot.conf.in"]) {
    let text = readFileSync(peerScript(name), "utf8");
    for (const [fixed, free] of ports) text = text.replaceAll(fixed, free);
    writeFileSync(join(directory, name), text);
  }
  return directory;
}
