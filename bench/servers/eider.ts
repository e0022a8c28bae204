import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { endProcess, family, freePort, listening } from "./child.ts";
import type { CountedMongo } from "./mongo-setting.ts";
import type { BenchServer, BenchUser } from "./server.ts";

const password = "bench-password-1";
/** `EIDER_BENCH_TREE`: measure the server of another working tree with the workloads of this one. */
const thisTree = process.env.EIDER_BENCH_TREE ?? join(import.meta.dir, "../..");
const token = "bench-root-token-0123456789";

export type StartedEider = BenchServer & {
  readonly http: { readonly port: number; readonly token: string };
  /** Ends it where it stands. */
  kill(): Promise<void>;
};

export type EiderOptions = {
  /** Variables of the configuration. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Connections: as many as come, unless what is measured is the limits that a server has by itself. */
  readonly limits?: "lifted" | "usual";
  /** Options for the runtime, such as `--cpu-prof`. */
  readonly bun?: readonly string[];
  /** Instead of the embedded store. */
  readonly mongo?: CountedMongo;
  readonly redis?: string;
  /** A working tree, if not this one. */
  readonly tree?: string;
  readonly name?: string;
};

/** Eider, on its embedded store unless `mongo` is given; `EIDER_*` variables of the environment do not reach it. */
export async function startEider(
  directory: string,
  { settings = {}, limits = "lifted", bun = [], mongo, redis, tree = thisTree, name = "eider" }: EiderOptions = {},
): Promise<StartedEider> {
  mkdirSync(directory, { recursive: true });
  const data = join(directory, "data");
  const ports = { imap: freePort(), imaps: freePort(), lmtp: freePort() };
  const http = freePort();
  const env: Record<string, string> = {
    ...environment(),
    ...(mongo === undefined
      ? {}
      : {
          EIDER_STORE_KIND: "mongodb",
          EIDER_MONGODB_URL: `${mongo.url}/?directConnection=true`,
          EIDER_MONGODB_DATABASE: "eider_bench",
          EIDER_REDIS_URL: redis!,
        }),
    ...(limits === "usual"
      ? {}
      : { EIDER_IMAP_MAX_CONNECTIONS: "100000", EIDER_IMAP_MAX_CONNECTIONS_PER_USER: "100000" }),
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
    const program = [process.execPath, ...bun, join(tree, "bench/servers/eider-process.ts")];
    const child = Bun.spawn(program, { env, cwd: directory, stdin: "ignore", stdout: output, stderr: output });
    closeSync(output);
    return child;
  };
  let child = start();
  await listening(ports.lmtp).catch(async (error) => {
    await endProcess(child.pid);
    throw new Error(`${(error as Error).message}\n${readFileSync(log, "utf8")}`);
  });
  const users = new Map<string, Promise<BenchUser>>();
  return {
    name,
    pace: "usual",
    settings: [
      `Eider ${packageJson.version}, Bun ${Bun.version}, ${mongo === undefined ? "embedded store" : "MongoDB's wire and Redis"}`,
      mongo === undefined
        ? "SQLite WAL, synchronous=FULL: an fsync for each group commit; 250 and OK only after it"
        : "write concern majority, journaled; 250 and OK only after it",
    ],
    ports,
    http: { port: http, token },
    ...(mongo === undefined ? {} : { roundTrips: mongo.commands }),
    user(name) {
      let user = users.get(name);
      if (user === undefined) {
        user = makeUser(http, name);
        users.set(name, user);
      }
      return user;
    },
    pids: () => family(child.pid),
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
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

function environment(): Record<string, string> {
  const inherited = process.env as Record<string, string>;
  return Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith("EIDER_")));
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
