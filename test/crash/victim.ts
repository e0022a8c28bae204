import { fileURLToPath } from "node:url";
import type { Ports } from "./lanes/lane.ts";

export type Thread = "shard" | "cpu" | "writer";

/** What the server logs as an error when one of its threads was killed. */
const expected =
  /died; it is replaced|cannot start; it tries again|account actor failed|delivery failed|RCPT failed|Cannot answer a request/;
/** What must not be among the causes: the store's contents are not what they should be. */
const never = /checksum|missing|corrupt|malformed|Cannot rebuild/i;

/** A server in a process of its own: killed whole, or one of its threads. */
export class Victim {
  readonly #child;
  ports: Ports & { readonly pid: number } = { imap: 0, pop3: 0, lmtp: 0, http: 0, pid: 0 };
  #text = "";
  #dead = 0;
  #waiting: (() => void) | null = null;
  #ended = false;
  /** Lines of its log that no kill explains. */
  readonly complaints: string[] = [];

  private constructor(settings: Readonly<Record<string, string>>, under: (command: string[]) => string[]) {
    const program = fileURLToPath(new URL("./victim-process.ts", import.meta.url));
    this.#child = Bun.spawn(under([process.execPath, program]), {
      env: { ...process.env, ...settings },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    void this.#read();
  }

  /** `under`: the command of another program that runs it. */
  static async start(
    settings: Readonly<Record<string, string>>,
    under: (command: string[]) => string[] = (command) => command,
  ): Promise<Victim> {
    const victim = new Victim(settings, under);
    await victim.#until(() => victim.ports.imap !== 0);
    return victim;
  }

  /** Ends it where it stands, or asks it to leave; and waits until it has. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    if (!this.#ended) process.kill(this.ports.pid, signal);
    await this.#child.exited;
  }

  async killThread(thread: Thread): Promise<void> {
    const order = this.#dead + 1;
    this.#child.stdin.write(`${thread}\n`);
    await this.#child.stdin.flush();
    await this.#until(() => this.#dead >= order);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const piece of this.#child.stdout) {
      const lines = (this.#text + decoder.decode(piece, { stream: true })).split("\n");
      this.#text = lines.pop()!;
      for (const line of lines) this.#take(line);
      this.#waiting?.();
    }
    this.#ended = true;
    this.#waiting?.();
  }

  #take(line: string): void {
    if (/^dead \d+$/.test(line)) this.#dead++;
    else if (this.ports.imap === 0 && line.startsWith('{"imap"')) this.ports = JSON.parse(line) as typeof this.ports;
    else if (!expected.test(line) || never.test(line)) this.complaints.push(line);
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#ended) throw new Error(`The server ended by itself: ${this.complaints.at(-1) ?? "without a word"}`);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}
