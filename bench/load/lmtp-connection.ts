import type { Socket } from "bun";

/**
 * One LMTP conversation of our own, for workloads that need the moment of a single reply; bursts are smtp-source's.
 * One delivery at a time.
 */
export class LmtpConnection {
  readonly #socket: Socket;
  #lines = "";
  #wanted: ((line: string) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<LmtpConnection> {
    let made: LmtpConnection | null = null;
    let early = "";
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(_, bytes) {
          if (made === null) early += bytes.toString("latin1");
          else made.heard(bytes.toString("latin1"));
        },
      },
    });
    made = new LmtpConnection(socket);
    const greeting = made.#reply();
    made.heard(early);
    await greeting;
    await made.#ask("LHLO bench.example.org");
    return made;
  }

  /** Resolves with the moment (performance.now) at which the reply to the message was there. */
  async deliver(to: string, message: Uint8Array): Promise<number> {
    await this.#ask("MAIL FROM:<mta@example.org>");
    await this.#ask(`RCPT TO:<${to}>`);
    await this.#ask("DATA");
    const waiting = this.#reply();
    this.#socket.write(Buffer.concat([message, Buffer.from(".\r\n")]));
    return waiting;
  }

  close(): void {
    this.#socket.end();
  }

  async #ask(line: string): Promise<void> {
    const waiting = this.#reply();
    this.#socket.write(`${line}\r\n`);
    await waiting;
  }

  #reply(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#wanted = (line) => {
        const at = performance.now();
        if (/^[23]/.test(line)) resolve(at);
        else reject(new Error(`LMTP: ${line}`));
      };
    });
  }

  private heard(text: string): void {
    this.#lines += text;
    // The last line of a reply has a space behind its code.
    const last = /^(\d{3} .*)\r\n$/m.exec(this.#lines);
    if (last === null || this.#wanted === null) return;
    this.#lines = "";
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted(last[1]!);
  }
}
