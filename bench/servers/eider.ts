import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { endProcess, family, freePort, listening } from "./child.ts";
import type { BenchServer, BenchUser } from "./server.ts";

const password = "bench-password-1";
const token = "bench-root-token-0123456789";

/**
 * Eider from this working tree, on its embedded store unless `settings` (variables of the configuration) say otherwise.
 * `bun` are options for the runtime, such as `--cpu-prof`.
 */
export async function startEider(
  directory: string,
  { settings = {}, bun = [] }: { settings?: Readonly<Record<string, string>>; bun?: readonly string[] } = {},
): Promise<BenchServer> {
  mkdirSync(directory, { recursive: true });
  const data = join(directory, "data");
  const ports = { imap: freePort(), imaps: freePort(), lmtp: freePort() };
  const http = freePort();
  const env: Record<string, string> = {
    ...(process.env as Record<string, string>),
    EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "100000",
    EIDER_LOG_LEVEL: "warn",
    ...settings,
    EIDER_DATA: data,
    EIDER_HTTP_TOKEN: token,
    EIDER_IMAP_PORT: `${ports.imap}`,
    EIDER_IMAP_TLS_PORT: `${ports.imaps}`,
    EIDER_LMTP_PORT: `${ports.lmtp}`,
    EIDER_HTTP_PORT: `${http}`,
    EIDER_POP3_PORT: `${freePort()}`,
    EIDER_POP3_TLS_PORT: `${freePort()}`,
  };
  const log = join(directory, "eider.log");
  const start = () => {
    const output = openSync(log, "a");
    const program = [process.execPath, ...bun, join(import.meta.dir, "eider-process.ts")];
    const child = Bun.spawn(program, { env, cwd: directory, stdin: "ignore", stdout: output, stderr: output });
    closeSync(output);
    return child;
  };
  let child = start();
  await listening(ports.lmtp).catch((error) => {
    throw new Error(`${(error as Error).message}\n${readFileSync(log, "utf8")}`);
  });
  const users = new Map<string, Promise<BenchUser>>();
  return {
    name: "eider",
    settings: [
      `Eider ${packageJson.version}, Bun ${Bun.version}, embedded store`,
      "SQLite WAL, synchronous=FULL: an fsync for each group commit; 250 and OK only after it",
    ],
    ports,
    user(name) {
      let user = users.get(name);
      if (user === undefined) {
        user = makeUser(http, name);
        users.set(name, user);
      }
      return user;
    },
    pids: () => family(child.pid),
    async restart() {
      await endProcess(child.pid);
      child = start();
    },
    async stop() {
      await endProcess(child.pid);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function makeUser(http: number, name: string): Promise<BenchUser> {
  const address = `${name}@localhost`;
  const answer = await fetch(`http://127.0.0.1:${http}/users`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-access-token": token },
    body: JSON.stringify({ username: name, password, address, allowUnsafe: true }),
  });
  const body = await answer.text();
  if (!answer.ok && !body.includes("UserExists")) throw new Error(`Cannot add user ${name}: ${body}`);
  return { login: name, password, address };
}
