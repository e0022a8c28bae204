import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import type { Console } from "../../src/cli/console.ts";
import { run } from "../../src/cli/run.ts";
import { startServer } from "../../src/main.ts";
import { loadConfig } from "../../src/operation/config.ts";

export type Typed = {
  readonly stdin?: string;
  /** The answers at prompts; left out: there is no terminal. */
  readonly typed?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export type CommandLine = Awaited<ReturnType<typeof startCommandLine>>;

export const portVariables = ["IMAP_PORT", "IMAP_TLS_PORT", "POP3_PORT", "POP3_TLS_PORT", "LMTP_PORT", "HTTP_PORT"].map(
  (name) => `EIDER_${name}`,
);
export const goodPassword = "correct horse battery";

/** A whole server, and the command line as an operator types it, in a directory `cwd()` of its own for each `begin()`. */
export async function startCommandLine() {
  const data = join(mkdtempSync(join(tmpdir(), "eider-cli-")), "data");
  const settings = { EIDER_DATA: data, EIDER_LOG_LEVEL: "error", EIDER_LIMITS_MESSAGE_SIZE: "100K" };
  const env = { ...Object.fromEntries(portVariables.map((name) => [name, "0"])), ...settings };
  const loaded = loadConfig({ env, cwd: tmpdir() });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const server = await startServer(loaded.config);
  const portOf = (tls: boolean): number => server.listening.imap.find((endpoint) => endpoint.tls === tls)!.port;
  const url = `http://127.0.0.1:${server.listening.http[0]!.port}`;
  let cwd = "";

  async function eider(words: readonly string[], given: Typed = {}) {
    const out: string[] = [];
    const err: string[] = [];
    const answers = [...(given.typed ?? [])];
    const answer = async () => (given.typed === undefined ? null : (answers.shift() ?? null));
    const console: Console = {
      out: { write: (text) => void out.push(text) },
      err: { write: (text) => void err.push(text), isTTY: false },
      readStdin: async () => given.stdin ?? "",
      askSecret: answer,
      ask: answer,
      env: { EIDER_DATA: data, EIDER_URL: url, ...given.env },
      cwd,
    };
    const code = await run(words, console, "1.2.3", startServer);
    return { code, out: out.join(""), err: err.join(""), json: <T>() => JSON.parse(out.join("")) as T };
  }

  /** A client that is logged in, over clear text. */
  async function connect(user: string, pass = goodPassword): Promise<ImapFlow> {
    const { port } = server.listening.imap[0]!;
    const client = new ImapFlow({
      host: "127.0.0.1",
      port,
      secure: false,
      doSTARTTLS: false,
      auth: { user, pass },
      logger: false,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  return {
    data,
    url,
    ports: { imap: portOf(false), imaps: portOf(true) },
    cwd: () => cwd,
    begin() {
      cwd = mkdtempSync(join(tmpdir(), "eider-cwd-"));
    },
    end: () => rmSync(cwd, { recursive: true }),
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true });
    },
    eider,
    connect,
    /** Adds an account with `goodPassword`; answers its id. */
    async addUser(address: string, ...more: string[]): Promise<string> {
      const added = await eider(["user", "add", address, "--password-stdin", "--json", ...more], {
        stdin: `${goodPassword}\n`,
      });
      if (added.code !== 0 || added.err !== "") throw new Error(added.err);
      return added.json<{ id: string }>().id;
    },
    async imap<T>(user: string, act: (client: ImapFlow) => Promise<T>, pass = goodPassword): Promise<T> {
      const client = await connect(user, pass);
      try {
        return await act(client);
      } finally {
        await client.logout();
      }
    },
  };
}
