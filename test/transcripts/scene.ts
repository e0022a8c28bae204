import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AccountId } from "../../src/domain/ids.ts";
import type { Captures } from "./captures.ts";
import { LineClient } from "./line-client.ts";
import type { Stage } from "./stage.ts";

export type ProtocolName = "imap" | "pop3" | "lmtp";

/** What one transcript plays on: a user of its own, and its clients. */
export class Scene {
  readonly clients = new Map<string, LineClient>();
  readonly #stage: Stage;
  readonly #protocol: ProtocolName;
  readonly #captures: Captures;
  #account: AccountId | null = null;

  constructor(stage: Stage, protocol: ProtocolName, captures: Captures) {
    this.#stage = stage;
    this.#protocol = protocol;
    this.#captures = captures;
  }

  async open(): Promise<void> {
    const { account, name } = await this.#stage.newUser();
    this.#account = account;
    this.#captures.set("user", name);
    this.#captures.set("password", "secret");
    this.#captures.set("local", name.slice(0, name.indexOf("@")));
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  /** The client of that name, connected; its greeting is still to be heard. */
  async client(name: string): Promise<LineClient> {
    let client = this.clients.get(name);
    if (client === undefined) {
      client = await LineClient.connect(await this.#stage.port(this.#protocol), this.#protocol === "imap");
      this.clients.set(name, client);
    }
    return client;
  }

  /** Makes true what a `given` line says. */
  async given(text: string): Promise<void> {
    const quota = /^quota (\d+)$/.exec(text);
    if (quota !== null) return this.#setQuota(Number(quota[1]));
    const numbered = /^(\S+) has (\d+) messages?$/.exec(text);
    if (numbered !== null) return this.#fill(numbered[1]!, numberedMessages(Number(numbered[2])));
    const mailbox = /^mailbox (\S+)$/.exec(text);
    if (mailbox !== null) return this.#change({ kind: "createMailbox", path: mailbox[1]! });
    if (text === "what was expunged is restored") return this.#stage.restore(this.#account!);
    const mbox = /^(\S+) (\S+\.mbox)$/.exec(text);
    if (mbox !== null) return this.#fill(mbox[1]!, readMbox(mbox[2]!));
    const clients =
      /^([\w, ]+?) (?:has|have) (connected|logged in|(?:enabled (.+) and )?(selected|examined) (\S+))$/.exec(text);
    if (clients === null) throw new Error(`cannot make true: given ${text}`);
    for (const name of clients[1]!.split(",")) {
      const steps: string[] = [];
      if (clients[2] !== "connected") steps.push(`LOGIN ${this.#captures.fill("$user $password")}`);
      if (clients[3] !== undefined) steps.push(`ENABLE ${clients[3]}`);
      if (clients[4] !== undefined) steps.push(`${clients[4] === "selected" ? "SELECT" : "EXAMINE"} ${clients[5]}`);
      await this.#prepare(await this.client(name.trim()), steps);
    }
  }

  /** Hears the greeting and has each command answered OK. */
  async #prepare(client: LineClient, commands: readonly string[]): Promise<void> {
    await client.hear();
    for (const [at, command] of commands.entries()) {
      client.say(`given${at} ${command}\r\n`);
      for (let line = await client.hear(); ; line = await client.hear()) {
        if (line === null) throw new Error(`connection ended at ${command}`);
        if (!line.startsWith(`given${at} `)) continue;
        if (!line.startsWith(`given${at} OK`)) throw new Error(`${command}: ${line}`);
        break;
      }
    }
  }

  async #fill(path: string, messages: readonly Uint8Array[]): Promise<void> {
    let internalDate = Date.UTC(2026, 0, 1, 10, 0, 0);
    for (const bytes of messages) {
      const source = { kind: "bytes", bytes } as const;
      await this.#change({ kind: "append", mailbox: { path }, flags: [], internalDate, source });
      internalDate += 3_600_000;
    }
  }

  #setQuota(bytes: number): Promise<void> {
    return this.#change({ kind: "setQuota", bytes });
  }

  async #change(command: Parameters<Stage["change"]>[1]): Promise<void> {
    await this.#stage.change(this.#account!, command);
  }
}

const fixtures = join(import.meta.dir, "fixtures");

/** Messages of an mbox file with `From ` lines between them, line ends made CRLF. */
function readMbox(name: string): Uint8Array[] {
  const text = readFileSync(join(fixtures, name), "latin1");
  return text
    .split(/^From .*\n/m)
    .slice(1)
    .map((message) => Buffer.from(message.replace(/\n$/, "").replace(/\r?\n/g, "\r\n"), "latin1"));
}

function numberedMessages(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) =>
    Buffer.from(`From: sender@example.com\r\nSubject: message ${at + 1}\r\n\r\nText ${at + 1}\r\n`),
  );
}
