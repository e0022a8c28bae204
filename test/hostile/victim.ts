import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineClient } from "../transcripts/line-client.ts";

/** A server in a process of its own, and what can be seen of it from outside. */
export type Victim = {
  readonly imap: number;
  readonly pop3: number;
  readonly lmtp: number;
  readonly http: number;
  readonly pid: number;
  /** Adds NAME@localhost with the password "secret"; answers its id. */
  addUser(name: string): Promise<string>;
  /** An API call with the root token. */
  api(path: string, init?: RequestInit): Promise<Response>;
  /** Resident memory, MB. */
  rss(): number;
  /** Everything it has logged. */
  log(): string;
  /** Log lines of level error, and whatever stands in the output that is no log line. */
  errors(): string[];
  /** Asks it to leave; answers its exit code. */
  stop(): Promise<number>;
};

export const token = "0123456789abcdef0123456789abcdef";

/** Starts a server on an empty store; `settings` are environment variables of the configuration. */
export async function startVictim(settings: Readonly<Record<string, string>> = {}): Promise<Victim> {
  const home = mkdtempSync(join(tmpdir(), "eider-hostile-"));
  const output = join(home, "output");
  const fd = openSync(output, "w");
  const child = Bun.spawn([process.execPath, fileURLToPath(new URL("../server-process.ts", import.meta.url))], {
    env: {
      ...process.env,
      EIDER_DATA: join(home, "data"),
      EIDER_HTTP_TOKEN: token,
      EIDER_LOG_LEVEL: "info",
      ...settings,
    },
    stdout: fd,
    stderr: fd,
  });
  closeSync(fd);
  // A test that failed half-way leaves nobody behind.
  const kill = (): void => child.kill("SIGKILL");
  process.once("exit", kill);
  const log = (): string => readFileSync(output, "utf8");
  let ports: { imap: number; pop3: number; lmtp: number; http: number } | null = null;
  while (ports === null) {
    const line = /^\{"imap":.*\}$/m.exec(log())?.[0];
    if (line !== undefined) ports = JSON.parse(line);
    else if (child.exitCode !== null) throw new Error(`Cannot start the server:\n${log()}`);
    else await Bun.sleep(20);
  }
  const { http } = ports;
  const api = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${http}${path}`, { ...init, headers: { "x-access-token": token, ...init.headers } });
  return {
    ...ports,
    pid: child.pid,
    api,
    log,
    async addUser(name) {
      const made = await api("/users", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username: name, password: "secret", address: `${name}@localhost`, allowUnsafe: true }),
      });
      const answer = (await made.json()) as { success: boolean; id: string };
      if (!answer.success) throw new Error(`Cannot add user ${name}: ${JSON.stringify(answer)}`);
      return answer.id;
    },
    rss() {
      const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
      return Math.round(Number(found?.[1]) / 1024);
    },
    errors() {
      return log()
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith('{"imap":') && !/^\{"level":"(debug|info|warn)"/.test(line));
    },
    async stop() {
      child.kill("SIGTERM");
      const code = await child.exited;
      process.off("exit", kill);
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}

/** An IMAP session; `tag` counts by itself. */
export class Imap {
  readonly wire: LineClient;
  #tag = 0;

  constructor(wire: LineClient) {
    this.wire = wire;
  }

  static async connect(port: number): Promise<Imap> {
    const client = new Imap(await LineClient.connect(port, true));
    await client.wire.hear();
    return client;
  }

  /** Logged in as this user with INBOX selected. */
  static async inInbox(port: number, user: string): Promise<Imap> {
    const client = await Imap.connect(port);
    await client.ok(`LOGIN ${user} secret`);
    await client.ok("SELECT INBOX");
    return client;
  }

  /** Says a command; answers all that was heard up to its tagged line, which comes last without its tag. */
  async ask(command: string, ms = 20_000): Promise<string[]> {
    const tag = `t${++this.#tag}`;
    this.wire.say(`${tag} ${command}\r\n`);
    return this.until(tag, ms);
  }

  async until(tag: string, ms = 20_000): Promise<string[]> {
    const heard: string[] = [];
    for (;;) {
      const line = await this.wire.hear(ms);
      if (line === null) throw new Error(`The connection ended after ${JSON.stringify(heard.slice(-3))}`);
      if (line.startsWith(`${tag} `)) return [...heard, line.slice(tag.length + 1)];
      heard.push(line);
    }
  }

  /** The tagged line alone. */
  async tagged(command: string, ms?: number): Promise<string> {
    return (await this.ask(command, ms)).at(-1)!;
  }

  async ok(command: string, ms?: number): Promise<string[]> {
    const heard = await this.ask(command, ms);
    if (!heard.at(-1)!.startsWith("OK")) throw new Error(`${command.slice(0, 200)}: ${heard.at(-1)}`);
    return heard;
  }

  /** Appends a message by a literal that is sent without asking. */
  async append(message: string | Uint8Array, mailbox = "INBOX"): Promise<string> {
    const octets = typeof message === "string" ? Buffer.from(message, "latin1") : message;
    const tag = `t${++this.#tag}`;
    const literal = octets.includes(0) ? "~" : "";
    this.wire.say(`${tag} APPEND ${mailbox} ${literal}{${octets.length}}\r\n`);
    const first = await this.wire.hear();
    if (!first?.startsWith("+")) return String(first).slice(tag.length + 1);
    this.wire.sayOctets(octets);
    this.wire.say("\r\n");
    return (await this.until(tag, 60_000)).at(-1)!;
  }

  close(): void {
    this.wire.close();
  }
}

/**
 * Another user's session that goes on working while `attack` lasts: NOOP and FETCH, again and again. Answers how long
 * the slowest round took, milliseconds; what a round may take at most is for the caller to say.
 */
export async function whileAttacked(victim: Victim, bystander: string, attack: () => Promise<void>): Promise<number> {
  const client = await Imap.inInbox(victim.imap, bystander);
  if (!(await client.ok("FETCH 1:* (UID)"))[0]!.startsWith("*")) await client.append("Subject: here\r\n\r\nI am.\r\n");
  let over = false;
  let slowest = 0;
  const attacked = attack().finally(() => {
    over = true;
  });
  attacked.catch(() => undefined);
  do {
    const began = performance.now();
    await client.ok("NOOP", 30_000);
    const heard = await client.ok("FETCH 1 (UID FLAGS ENVELOPE BODY.PEEK[])", 30_000);
    if (!heard.some((line) => line.includes("I am."))) throw new Error(`The bystander read ${heard.join("|")}`);
    slowest = Math.max(slowest, performance.now() - began);
    await Bun.sleep(10);
  } while (!over);
  await attacked;
  client.close();
  return slowest;
}
