import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId } from "../src/domain/ids.ts";
import { type RunningServer, startServer } from "../src/main.ts";
import { type Config, loadConfig } from "../src/operation/config.ts";
import { readRootToken } from "../src/operation/root-token.ts";
import type { Services } from "../src/protocols/services.ts";

export type TestServer = {
  readonly server: RunningServer;
  readonly services: Services;
  readonly data: string;
  /** Clear-text ports and TLS ports. */
  readonly imap: number;
  readonly imaps: number;
  readonly pop3: number;
  readonly pop3s: number;
  readonly lmtp: number;
  readonly http: number;
  /** The root access token. */
  readonly token: string;
  /** Adds a user NAME@localhost with this password. */
  addUser(name: string, password?: string, quota?: number): Promise<AccountId>;
  close(): Promise<void>;
};

/**
 * The whole server, workers and all, in this process, on free ports and with its mail in a directory of its own.
 * `settings` are environment variables of the configuration: `{ EIDER_LIMITS_QUEUE: "10" }`. With EIDER_DATA given, that
 * directory is used and left there.
 */
export async function startTestServer(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const parent = mkdtempSync(join(tmpdir(), "eider-test-"));
  const server = await startServer(testConfig({ EIDER_DATA: join(parent, "data"), ...settings }));
  const data = settings.EIDER_DATA ?? join(parent, "data");
  const portOf = (protocol: keyof RunningServer["listening"], tls: boolean): number =>
    server.listening[protocol].find((endpoint) => endpoint.tls === tls)?.port ?? 0;
  return {
    server,
    services: server.services,
    data,
    imap: portOf("imap", false),
    imaps: portOf("imap", true),
    pop3: portOf("pop3", false),
    pop3s: portOf("pop3", true),
    lmtp: portOf("lmtp", false),
    http: portOf("http", false),
    token: readRootToken({ data, http: { token: settings.EIDER_HTTP_TOKEN ?? null } } as Config) ?? "",
    async addUser(name, password = "secret", quota = 0) {
      const made = await server.services.directory.createUser({ username: `${name}@localhost`, password, quota });
      if (!made.ok) throw new Error(`Cannot add user ${name}: ${made.why}`);
      return made.user.id;
    },
    async close() {
      await server.stop();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** The defaults, on free ports and without a log, and what is given. */
export function testConfig(settings: Readonly<Record<string, string>>): Config {
  const ports = ["IMAP", "POP3", "LMTP", "HTTP"].map((protocol) => [`EIDER_${protocol}_PORT`, "0"]);
  const tls = ["IMAP", "POP3"].map((protocol) => [`EIDER_${protocol}_TLS_PORT`, "0"]);
  const env = { ...Object.fromEntries([...ports, ...tls]), EIDER_LOG_LEVEL: "silent", ...settings };
  const loaded = loadConfig({ env, cwd: tmpdir() });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config;
}
