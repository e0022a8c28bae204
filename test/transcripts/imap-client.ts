import { LineClient } from "./line-client.ts";

/** Where IMAP listens: in clear text, or from TLS on. */
export type ImapPort = { port(protocol: "imap", tls?: boolean): number | Promise<number> };

/** What a command was answered: its untagged lines in order, and its tagged one. */
export type Answer = { readonly lines: readonly string[]; readonly tagged: string };

/** A client for tests that drive IMAP by hand. */
export class ImapClient {
  readonly wire: LineClient;
  #tag = 0;

  private constructor(wire: LineClient) {
    this.wire = wire;
  }

  /** Connected, its greeting heard. */
  static async connect(stage: ImapPort, tls = false): Promise<ImapClient> {
    const client = new ImapClient(await LineClient.connect(await stage.port("imap", tls), true, tls));
    await client.wire.hear();
    return client;
  }

  /** Logged in as `name`, with INBOX selected. */
  static async inInbox(stage: ImapPort, name: string): Promise<ImapClient> {
    const client = await ImapClient.connect(stage);
    await client.ok(`LOGIN ${name} secret`);
    await client.ok("SELECT INBOX");
    return client;
  }

  /** Says a command and hears its answer; throws after `ms` of silence. */
  async ask(command: string, ms?: number): Promise<Answer> {
    const tag = `t${++this.#tag}`;
    this.wire.say(`${tag} ${command}\r\n`);
    return this.answer(tag, ms);
  }

  /** As `ask`; anything but OK is an error. */
  async ok(command: string): Promise<Answer> {
    const answer = await this.ask(command);
    if (!/^\S+ OK/.test(answer.tagged)) throw new Error(`${command}: ${answer.tagged}`);
    return answer;
  }

  /** Hears up to the tagged line of `tag`. */
  async answer(tag: string, ms?: number): Promise<Answer> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.wire.hear(ms);
      if (line === null) throw new Error(`connection ended after ${JSON.stringify(lines)}`);
      if (line.startsWith(`${tag} `)) return { lines, tagged: line };
      lines.push(line);
    }
  }

  /** Hears everything up to the end of the connection. */
  async end(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.wire.hear(); line !== null; line = await this.wire.hear()) lines.push(line);
    return lines;
  }

  close(): void {
    this.wire.close();
  }
}
